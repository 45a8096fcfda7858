using System.Diagnostics;

namespace WorkerHost.Client.Tests;

public sealed class TaskTraceTests
{
    private static readonly EndpointState Endpoint = new(new WorkerEndpoint(new WorkerId("test", 0, 1), new Uri("unix:///w"), 1, null, 1), 1, 1, supervised: true, prefetches: true);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(512, 512)]
    [InlineData(513, 0)]
    [Trait("Scenario", "58")]
    public void The_context_of_an_attempt_is_in_the_frame_and_the_frame_is_no_larger_than_expected(int stateLength, int sent)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static s => s.Name == PoolMeter.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var caller = new Activity("caller") { TraceStateString = new string('ü', stateLength) }.SetIdFormat(ActivityIdFormat.W3C).Start();
        var entry = new TaskEntry(1, "work", TaskOptions.Default, default, ContentType.Json, 1) { Sequence = 1, Service = new ServiceTime("work") };
        entry.Trace = TaskTrace.Begin(new PoolIdentity("test", "test-0", Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), entry, TimeProvider.System);
        entry.Trace!.Written(entry, Endpoint);
        var frame = new OutgoingFrame { MicrosecondsLeft = static _ => 0 };
        frame.Content.Tasks.Add(entry);
        var context = new WritingContext(4096);
        OutgoingFrame.Serialize(frame, context);
        var task = Assert.Single(V1.SessionRequest.Parser.ParseFrom(context.Written).Tasks);
        Assert.InRange(task.CalculateSize(), 1, entry.WireBytes);
        Assert.Matches($"^00-{caller.TraceId}-[0-9a-f]{{16}}-01$", task.Headers[TaskTrace.TraceParent]);
        Assert.NotEqual(caller.SpanId.ToString(), task.Headers[TaskTrace.TraceParent].Split('-')[2]);
        Assert.Equal(sent, task.Headers.TryGetValue(TaskTrace.TraceState, out var state) ? state.Length : 0);
        Assert.Same(caller, Activity.Current);
    }
}
