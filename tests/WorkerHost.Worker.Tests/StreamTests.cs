using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker.Tests;

/// <summary>Streams on the wire, to a client without any cleverness.</summary>
public sealed class StreamTests(SharedWorker shared) : IClassFixture<SharedWorker>
{
    private WorkerUnderTest Worker => shared.Worker;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Items_come_as_far_as_there_is_credit_and_go_on_with_more()
    {
        using var session = await Worker.OpenSessionAsync();
        Assert.Contains(Capability.Streams, session.Hello.Capabilities);
        Assert.True(session.Hello.Tasks.Single(static t => t.Name == "count").YieldsItems);
        await session.SubmitAsync(Stream(1, "count", "[100]", items: 3, bytes: 1000));
        Assert.Equal([0, 1, 2], await ItemsAsync(session, 1, 3));

        // Behind whatever it has to say comes the echo of the other lane.
        for (ulong i = 2; i < 50; i++)
        {
            await session.SubmitAsync(SessionUnderTest.Echo(i, ByteString.Empty));
            await session.OutcomeAsync(i);
        }

        Assert.Equal([0, 1, 2], Items(session, 1));
        await session.SendAsync(new SessionRequest { StreamCredit = { new StreamCredit { Sequence = 1, Items = 2, Bytes = 1000 } } });
        Assert.Equal([0, 1, 2, 3, 4], await ItemsAsync(session, 1, 5));
        await session.SendAsync(new SessionRequest { StreamCredit = { new StreamCredit { Sequence = 1, Items = ulong.MaxValue, Bytes = ulong.MaxValue } } });
        var outcome = await session.OutcomeAsync(1);

        Assert.Equal((null, 0), (outcome.Failure, outcome.Data.Length));
        Assert.Equal(Enumerable.Range(0, 100), Items(session, 1));

        // Of what has ended nobody minds.
        await session.SendAsync(new SessionRequest { StreamCredit = { new StreamCredit { Sequence = 1, Items = 1, Bytes = 1 } } });
        await session.SubmitAsync(SessionUnderTest.Echo(50, ByteString.Empty));
        await session.OutcomeAsync(50);
    }

    [Fact]
    public async Task With_room_for_a_byte_there_is_room_for_one_item_of_any_size()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(Stream(1, "fill_items", "[3, 10]", items: 100, bytes: 1));
        await ItemsAsync(session, 1, 1);
        await session.SendAsync(new SessionRequest { StreamCredit = { new StreamCredit { Sequence = 1, Items = 0, Bytes = 9 } } });
        await session.SubmitAsync(SessionUnderTest.Echo(2, ByteString.Empty));
        await session.OutcomeAsync(2);
        Assert.Single(Progress(session, 1));
        await session.SendAsync(new SessionRequest { StreamCredit = { new StreamCredit { Sequence = 1, Items = 0, Bytes = 1 } } });
        await ItemsAsync(session, 1, 2);
        await session.CancelAsync(1);
        Assert.Equal(V1.TaskFailureKind.Cancelled, (await session.OutcomeAsync(1)).Failure.Kind);
    }

    [Fact]
    public async Task Large_items_come_in_parts_and_frames_stay_below_their_limit()
    {
        using var session = await Worker.OpenSessionAsync(static hello => hello.MaxFrameBytes = 4096);
        await session.SubmitAsync(Stream(1, "fill_items", "[3, 100000]", items: 100, bytes: 1 << 20));
        await session.OutcomeAsync(1);

        var whole = new List<byte[]>();
        var parts = new List<byte>();
        foreach (var part in Progress(session, 1))
        {
            Assert.Equal((true, 100_000UL, ContentType.Bytes), (part.IsItem, part.TotalBytes, part.ContentType));
            parts.AddRange(part.Data);
            if (!part.More)
            {
                whole.Add([.. parts]);
                parts.Clear();
            }
        }

        Assert.Empty(parts);
        Assert.Equal([0, 1, 2], whole.Select(static w => w.Distinct().Single()));
        Assert.All(whole, static w => Assert.Equal(100_000, w.Length));
        Assert.All(session.Frames, static frame => Assert.InRange(frame.CalculateSize(), 1, 4096));
    }

    [Fact]
    public async Task What_is_not_asked_for_is_not_sent()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(SessionUnderTest.Task(1, "count", "[3]"), SessionUnderTest.Task(2, "report", "[3]"), Stream(3, "add", "[1, 2]", items: 1, bytes: 1));

        Assert.Equal("[0,1,2]", (await session.OutcomeAsync(1)).Data.ToStringUtf8());
        Assert.Equal("3", (await session.OutcomeAsync(2)).Data.ToStringUtf8());
        var refused = await session.OutcomeAsync(3);
        Assert.Equal((V1.TaskFailureKind.BadInput, true), (refused.Failure.Kind, refused.Failure.NeverStarted));
        Assert.All(session.Frames, static frame => Assert.Empty(frame.Progress));
    }

    [Fact]
    public async Task Reports_come_to_who_asks_and_the_last_one_before_the_outcome()
    {
        using var session = await Worker.OpenSessionAsync();
        var task = SessionUnderTest.Task(1, "report", "[1000]");
        task.ReportsProgress = true;
        await session.SubmitAsync(task);
        await session.OutcomeAsync(1);

        var reports = Progress(session, 1);
        Assert.All(reports, static r => Assert.False(r.IsItem));
        Assert.Equal((1.0, "step 1000"), (reports[^1].Fraction, reports[^1].Message));
    }

    [Fact]
    [Trait("Scenario", "59")]
    public async Task A_client_that_leaves_frees_the_lane_that_waits_for_it()
    {
        var mark = Worker.PathOf("leaving");
        var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(Stream(1, "count_marking", $"[1000, \"{mark}\"]", items: 1, bytes: 1000));
        await ItemsAsync(session, 1, 1);
        session.Dispose();

        await Worker.FileAsync("leaving.left");
        Assert.Equal(1, new FileInfo(mark).Length);
    }

    [Fact]
    public async Task Credit_for_a_task_that_never_came_breaks_the_session()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SendAsync(new SessionRequest { StreamCredit = { new StreamCredit { Sequence = 9, Items = 1 } } });
        var broken = await Assert.ThrowsAsync<RpcException>(session.ToTheEndAsync);
        Assert.Equal(StatusCode.InvalidArgument, broken.StatusCode);
        Assert.Contains("gives credit for sequence 9", broken.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stock_client_hears_everything_of_a_task_by_a_call_of_its_own()
    {
        var events = await EventsAsync(new RunWithEventsRequest { Task = WorkerUnderTest.Request("count", "[3]") });
        Assert.Equal("tests/2#7", events[0].Started.Worker);
        Assert.Equal(["0", "1", "2"], events[1..^1].Select(static e => e.Item.Data.ToStringUtf8()));
        Assert.Equal((0, events[0].Started.Id), (events[^1].Outcome.Result.Data.Length, events[^1].Outcome.Id));

        events = await EventsAsync(new RunWithEventsRequest { Task = WorkerUnderTest.Request("count", "[3]"), CollectsItems = true });
        Assert.Equal("[0,1,2]", Assert.Single(events[1..]).Outcome.Result.Data.ToStringUtf8());

        events = await EventsAsync(new RunWithEventsRequest { Task = WorkerUnderTest.Request("report", "[100]") });
        Assert.Equal((1.0, "step 100"), (events[^2].Progress.Fraction, events[^2].Progress.Message));
        Assert.Equal("100", events[^1].Outcome.Result.Data.ToStringUtf8());
    }

    [Theory]
    [InlineData("count_then", "[2, \"throw\"]", 2, StatusCode.Unknown, V1.TaskFailureKind.TaskFailed)]
    [InlineData("no such task", "[]", 0, StatusCode.Unimplemented, V1.TaskFailureKind.UnknownTask)]
    [InlineData("count", "[\"x\"]", 0, StatusCode.InvalidArgument, V1.TaskFailureKind.BadInput)]
    public async Task A_failure_is_the_status_of_the_call_after_the_items_so_far(string task, string arguments, int items, StatusCode status, V1.TaskFailureKind kind)
    {
        using var call = Worker.Endpoint.RunWithEvents(new RunWithEventsRequest { Task = WorkerUnderTest.Request(task, arguments) }, Worker.Call());
        var heard = 0;
        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(Token))
            {
                heard += call.ResponseStream.Current.Item is null ? 0 : 1;
            }
        });

        Assert.Equal((items, status, kind), (heard, failure.StatusCode, RunTests.Failure(failure).Kind));
    }

    [Fact]
    public async Task Who_does_not_read_its_events_holds_the_handler_back_and_who_leaves_ends_it()
    {
        var mark = Worker.PathOf("unread");
        var call = Worker.Endpoint.RunWithEvents(new RunWithEventsRequest { Task = WorkerUnderTest.Request("fill_marking", $"[10000, 100000, \"{mark}\"]") }, Worker.Call());
        Assert.True(await call.ResponseStream.MoveNext(Token));
        Assert.NotNull(call.ResponseStream.Current.Started);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal($"{i + 1}", await Worker.RunJsonAsync("increment", $"[{i}]"));
        }

        // A gigabyte in all; in the windows and buffers on the way is room for some hundred kilobytes.
        Assert.InRange(new FileInfo(mark).Length, 1, 60);
        call.Dispose();
        await Worker.FileAsync("unread.left");
    }

    [Fact]
    public async Task A_caller_that_leaves_is_no_error_of_the_worker()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            var mark = $"left{i}";
            using (var call = worker.Endpoint.RunWithEvents(new RunWithEventsRequest { Task = WorkerUnderTest.Request("count_marking", $"[1000000, \"{worker.PathOf(mark)}\"]") }, worker.Call()))
            {
                for (var read = 0; read < 5; read++)
                {
                    Assert.True(await call.ResponseStream.MoveNext(Token));
                }
            }

            await worker.FileAsync($"{mark}.left");
        }

        worker.CloseLifeline();
        Assert.Equal(0, await worker.ExitAsync());
        Assert.Equal("", await worker.StderrAsync());
    }

    private async Task<List<RunWithEventsResponse>> EventsAsync(RunWithEventsRequest request)
    {
        using var call = Worker.Endpoint.RunWithEvents(request, Worker.Call());
        var all = new List<RunWithEventsResponse>();
        while (await call.ResponseStream.MoveNext(Token).WaitAsync(WorkerUnderTest.Patience))
        {
            all.Add(call.ResponseStream.Current);
        }

        return all;
    }

    private static TaskSubmission Stream(ulong sequence, string task, string json, ulong items, ulong bytes)
    {
        var submission = SessionUnderTest.Task(sequence, task, json);
        submission.StreamItems = items;
        submission.StreamBytes = bytes;
        return submission;
    }

    private static List<TaskProgress> Progress(SessionUnderTest session, ulong sequence) =>
        [.. session.Frames.SelectMany(static frame => frame.Progress).Where(p => p.Sequence == sequence)];

    private static IEnumerable<int> Items(SessionUnderTest session, ulong sequence) =>
        Progress(session, sequence).Select(static p => int.Parse(p.Data.ToStringUtf8(), System.Globalization.CultureInfo.InvariantCulture));

    private static async Task<IEnumerable<int>> ItemsAsync(SessionUnderTest session, ulong sequence, int count)
    {
        while (Progress(session, sequence).Count < count)
        {
            Assert.NotNull(await session.FrameAsync());
        }

        return Progress(session, sequence).TrueForAll(static p => p.ContentType.Length == 0) ? Items(session, sequence) : [];
    }
}
