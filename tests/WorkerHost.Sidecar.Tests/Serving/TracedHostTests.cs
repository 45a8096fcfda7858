using System.Diagnostics;
using Grpc.Core;
using WorkerHost.Tests.Otlp;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>One trace through everything: what a client, the built host and its workers say of a task whose first worker was killed.</summary>
public sealed class TracedHostTests
{
    private const string Task = "current_span_then_die";

    [Fact]
    [Trait("Scenario", "58")]
    public async Task A_trace_goes_from_a_client_through_the_hosts_queue_and_the_attempt_that_died_to_the_handler()
    {
        using var spans = new CollectedSpans(Client.PoolMeter.Name);
        await using var collector = await TraceCollector.StartAsync();
        await using var host = await RunningHost.StartAsync(new() { ["images"] = RunningHost.Pool(2, "--traced") }, settings: $"telemetry:otlpEndpoint={collector.Address}");
        var name = $"client-{Guid.NewGuid():n}";
        var (path, foreignPath) = (Path.Combine(host.Directory, "first"), Path.Combine(host.Directory, "second"));

        // A client of ours, in the middle of something.
        string[] inSecond;
        using var caller = new Activity("caller") { TraceStateString = "vendor=1" }.SetIdFormat(ActivityIdFormat.W3C);
        await using (var pool = await host.ConnectAsync(options: new WorkerPoolOptions { Name = name }))
        {
            caller.Start();
            inSecond = await pool.Submit<string[]>(Task, [path], new TaskOptions { Idempotent = true }).Task.WaitAsync(Eventually.Patience);
            caller.Stop();
        }

        // And one that says nothing but where its trace is.
        var (foreignTrace, foreignCaller) = (ActivityTraceId.CreateRandom().ToString(), ActivitySpanId.CreateRandom().ToString());
        await host.Endpoint().RunAsync(
            new RunRequest { Task = Task, Idempotent = true, Payload = new Payload { Data = Google.Protobuf.ByteString.CopyFromUtf8($"[\"{foreignPath}\"]") } },
            new Metadata { { "traceparent", $"00-{foreignTrace}-{foreignCaller}-01" } }).ResponseAsync.WaitAsync(Eventually.Patience);
        await host.SignalAsync("TERM");
        Assert.Equal(0, await host.ExitAsync());

        var here = spans.With(Client.PoolMeter.Pool, name);
        var task = Assert.Single(here, static s => s.DisplayName == $"task {Task}");
        var attempt = Assert.Single(here, static s => s.DisplayName == $"attempt {Task}");
        Assert.Equal((caller.TraceId, caller.SpanId), (task.TraceId, task.ParentSpanId));
        Assert.Equal((caller.TraceId, task.SpanId), (attempt.TraceId, attempt.ParentSpanId));
        AssertHost(collector.Of(caller.TraceId.ToString()), attempt.SpanId.ToString(), "vendor=1", await File.ReadAllLinesAsync(path), inSecond);
        AssertHost(collector.Of(foreignTrace), foreignCaller, "", await File.ReadAllLinesAsync(foreignPath), null);
    }

    /// <param name="spans">Of the host, in the order of their starts.</param>
    /// <param name="parent">Of the caller.</param>
    /// <param name="state">The caller's <c>tracestate</c>.</param>
    /// <param name="inFirst">What the handler in the first worker saw: trace, parent, its own name and state.</param>
    /// <param name="inSecond">The same in the second; null: nobody has told.</param>
    private static void AssertHost(List<Span> spans, string parent, string state, string[] inFirst, string[]? inSecond)
    {
        Assert.Equal([$"task {Task}", $"attempt {Task}", $"attempt {Task}"], spans.Select(static s => s.Name));
        var (task, first, second) = (spans[0], spans[1], spans[2]);
        Assert.Equal((parent, 2, 0, state), (TraceCollector.Hex(task.ParentSpanId), task.Kind, task.Status?.Code ?? 0, task.TraceState));
        Assert.All([first, second], attempt => Assert.Equal((task.SpanId, 3), (attempt.ParentSpanId, attempt.Kind)));
        Assert.Equal(("1", "2"), (Said(first, "workerhost.task.attempt"), Said(second, "workerhost.task.attempt")));
        Assert.Equal((2, "worker_lost"), (first.Status.Code, Said(first, "error.type")));
        Assert.Contains("SIGKILL", Said(first, "workerhost.worker.death.report"), StringComparison.Ordinal);
        Assert.Contains(Said(first, "workerhost.worker.id"), first.Status.Message, StringComparison.Ordinal);
        Assert.Equal(0, second.Status?.Code ?? 0);
        Assert.NotEqual(Said(first, "process.pid"), Said(second, "process.pid"));

        string[] Seen(Span attempt) => [TraceCollector.Hex(task.TraceId), TraceCollector.Hex(attempt.SpanId), $"run {Task}", state];
        Assert.Equal(Seen(first), inFirst);
        Assert.Equal(inSecond ?? Seen(second), Seen(second));
    }

    private static string Said(Span span, string key) =>
        span.Attributes.Single(a => a.Key == key).Value is { Text: { Length: > 0 } text } ? text : span.Attributes.Single(a => a.Key == key).Value.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
