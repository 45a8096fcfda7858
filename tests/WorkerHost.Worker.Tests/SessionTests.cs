using Google.Protobuf;
using Grpc.Core;
using static WorkerHost.Worker.Tests.SessionUnderTest;
using Kind = WorkerHost.V1.TaskFailureKind;

namespace WorkerHost.Worker.Tests;

/// <summary>Many tasks over one stream.</summary>
public sealed class SessionTests(SharedWorker shared) : IClassFixture<SharedWorker>
{
    private WorkerUnderTest Worker => shared.Worker;

    [Fact]
    public async Task The_hello_says_who_answers_and_what_it_can_do()
    {
        using var session = await Worker.OpenSessionAsync();

        Assert.Equal(1u, session.Hello.Protocol);
        Assert.Equal("instance", session.Hello.HostInstance);
        Assert.Equal("tests/2#7", session.Hello.Worker);
        Assert.Equal(7u, session.Hello.Incarnation);
        Assert.Equal(2u, session.Hello.Concurrency);
        Assert.True(session.Hello.Credit > 2);
        Assert.Contains(Capability.Ledger, session.Hello.Capabilities);
        Assert.Contains(session.Hello.Tasks, static task => task.Name == "echo");
    }

    [Fact]
    public async Task Ten_thousand_tasks_in_large_frames_have_one_outcome_each_in_frames_below_the_limit()
    {
        const int count = 10_000;
        using var session = await Worker.OpenSessionAsync(static hello => hello.MaxFrameBytes = 4096);

        for (var first = 1; first <= count; first += 500)
        {
            await session.SubmitAsync([.. Enumerable.Range(first, 500).Select(static n => Echo((ulong)n, ByteString.CopyFrom(BitConverter.GetBytes(n))))]);
        }

        await session.HalfCloseAsync();
        var outcomes = await session.ToTheEndAsync();

        Assert.Equal(count, outcomes.Count);
        Assert.All(outcomes, static pair => Assert.Equal((int)pair.Key, BitConverter.ToInt32(pair.Value.Data.Span)));
        Assert.All(session.Frames, static frame => Assert.InRange(frame.CalculateSize(), 1, 4096));
        Assert.Contains(session.Frames, static frame => frame.Outcomes.Count > 1);
        Assert.Equal(StatusCode.OK, session.Status.StatusCode);
    }

    [Fact]
    public async Task An_outcome_larger_than_a_frame_goes_alone()
    {
        using var session = await Worker.OpenSessionAsync(static hello => hello.MaxFrameBytes = 4096);
        var large = ByteString.CopyFrom(new byte[100_000]);

        await session.SubmitAsync(Echo(1, ByteString.Empty), Echo(2, large), Echo(3, ByteString.Empty));
        await session.HalfCloseAsync();
        var outcomes = await session.ToTheEndAsync();

        Assert.Equal(large, outcomes[2].Data);
        Assert.Contains(session.Frames, static frame => frame.Outcomes is [{ Sequence: 2 }]);
        Assert.Equal(0, outcomes[1].Data.Length);
    }

    [Fact]
    [Trait("Scenario", "60")]
    public async Task Payloads_of_every_size_travel_over_a_session()
    {
        using var session = await Worker.OpenSessionAsync();
        ulong sequence = 0;
        foreach (var size in new[] { 0, 1, 65_535, 65_536, 262_144, 64 * 1024 * 1024 })
        {
            var bytes = new byte[size];
            new Random(size).NextBytes(bytes);

            await session.SubmitAsync(Echo(++sequence, ByteString.CopyFrom(bytes)));

            Assert.True((await session.OutcomeAsync(sequence)).Data.Span.SequenceEqual(bytes), $"{size} bytes");
        }
    }

    [Fact]
    public async Task A_task_without_an_id_is_known_by_prefix_and_number()
    {
        using var session = await Worker.OpenSessionAsync();
        var task = Task(5, "worker");
        task.Number = 1234;

        await session.SubmitAsync(task);

        Assert.Contains("\"id\":\"prefix-1234\"", (await session.OutcomeAsync(5)).Data.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_failure_of_a_handler_travels_inside_its_outcome()
    {
        using var session = await Worker.OpenSessionAsync();

        await session.SubmitAsync(
            Task(1, "throw_with_cause", "[\"outer\", \"inner\"]"),
            Task(2, "no_such_task"),
            Task(3, "add", "[1]"),
            Task(4, "throw_retryable", "[\"busy\", 250]"),
            Task(5, "fill", $"[{(64 * 1024 * 1024) + 1}]"),
            Task(6, "add", "[1, 2]"));

        var thrown = (await session.OutcomeAsync(1)).Failure;
        Assert.Equal(Kind.TaskFailed, thrown.Kind);
        Assert.Equal("outer", thrown.Error.Message);
        Assert.Equal("inner", thrown.Error.Cause.Message);
        Assert.Equal("prefix-1", thrown.TaskId);
        Assert.Equal("tests/2#7", thrown.Worker);
        Assert.Equal(Kind.UnknownTask, (await session.OutcomeAsync(2)).Failure.Kind);
        Assert.Equal(Kind.BadInput, (await session.OutcomeAsync(3)).Failure.Kind);
        Assert.True((await session.OutcomeAsync(4)).Failure.Retryable);
        Assert.Contains("MaxMessageBytes", (await session.OutcomeAsync(5)).Failure.Message, StringComparison.Ordinal);
        var good = await session.OutcomeAsync(6);
        Assert.Null(good.Failure);
        Assert.Equal("3", good.Data.ToStringUtf8());
    }

    [Fact]
    public async Task A_failure_of_any_size_is_cut_to_what_every_client_takes()
    {
        using var session = await Worker.OpenSessionAsync();

        await session.SubmitAsync(Task(1, "throw", $"[\"{new string('語', 1_000_000)}\"]"));

        var failure = (await session.OutcomeAsync(1)).Failure;
        Assert.InRange(failure.CalculateSize(), 1, ProtocolLimits.MessageOverheadBytes);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(failure.Error.Message), 1, 8 * 1024);
    }

    [Fact]
    public async Task A_running_task_that_is_cancelled_stops_and_its_lane_serves_on()
    {
        using var session = await Worker.OpenSessionAsync();
        for (ulong sequence = 1; sequence <= 6; sequence += 2)
        {
            await session.SubmitAsync(Task(sequence, "meet", $"[\"{Worker.PathOf($"cancel-{sequence}")}\", \"{Worker.PathOf("never")}\"]"));
            await Worker.FileAsync($"cancel-{sequence}");

            await session.CancelAsync(sequence);

            var failure = (await session.OutcomeAsync(sequence)).Failure;
            Assert.Equal(Kind.Cancelled, failure.Kind);
            Assert.False(failure.NeverStarted);
            await session.SubmitAsync(Task(sequence + 1, "cancel_to_value", "[1]"));
            Assert.Equal("\"slept\"", (await session.OutcomeAsync(sequence + 1)).Data.ToStringUtf8());
        }
    }

    [Fact]
    public async Task A_handler_may_answer_its_cancellation_with_a_value()
    {
        using var session = await Worker.OpenSessionAsync(static hello => hello.ReportStarted = true);
        await session.SubmitAsync(Task(1, "cancel_to_value", "[3600000]"));
        Assert.Equal([1ul], (await session.FrameAsync())!.Started);

        await session.CancelAsync(1);

        Assert.Equal("\"cancelled\"", (await session.OutcomeAsync(1)).Data.ToStringUtf8());
    }

    [Theory]
    [InlineData("sleep")]
    [InlineData("wait_blocking")]
    public async Task A_time_limit_that_passes_while_a_task_runs_stops_it(string task)
    {
        using var session = await Worker.OpenSessionAsync();
        var limited = Task(1, task, "[3600000]");
        limited.TimeLimitUs = 30_000;

        await session.SubmitAsync(limited);

        var outcome = await session.OutcomeAsync(1);
        Assert.Equal(Kind.DeadlineExceeded, outcome.Failure.Kind);
        Assert.False(outcome.Failure.NeverStarted);
        Assert.InRange(outcome.ServiceUs, 20_000ul, 10_000_000ul);
    }

    [Fact]
    public async Task A_finished_task_is_deaf_to_cancel_and_recall()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(Echo(1, ByteString.Empty));
        await session.OutcomeAsync(1);

        await session.CancelAsync(1);
        await session.RecallAsync(1);
        await session.SubmitAsync(Echo(2, ByteString.Empty));

        Assert.Null((await session.OutcomeAsync(2)).Failure);
    }

    [Fact]
    public async Task Two_sessions_share_a_worker_without_mixing_their_outcomes()
    {
        using var one = await Worker.OpenSessionAsync();
        using var two = await Worker.OpenSessionAsync();

        await one.SubmitAsync([.. Enumerable.Range(1, 100).Select(static n => Task((ulong)n, "add", $"[{n}, 0]"))]);
        await two.SubmitAsync([.. Enumerable.Range(1, 100).Select(static n => Task((ulong)n, "add", $"[{n}, 1000]"))]);
        await one.HalfCloseAsync();
        await two.HalfCloseAsync();

        Assert.All(await one.ToTheEndAsync(), static pair => Assert.Equal($"{pair.Key}", pair.Value.Data.ToStringUtf8()));
        Assert.All(await two.ToTheEndAsync(), static pair => Assert.Equal($"{pair.Key + 1000}", pair.Value.Data.ToStringUtf8()));
    }

    [Fact]
    public async Task A_session_without_tasks_ends_well_when_the_client_has_nothing_more()
    {
        using var session = await Worker.OpenSessionAsync();

        await session.HalfCloseAsync();

        Assert.Empty(await session.ToTheEndAsync());
        Assert.Equal(StatusCode.OK, session.Status.StatusCode);
    }

    [Fact]
    public async Task A_broken_session_stops_what_runs_for_it_and_drops_what_waits()
    {
        using (var session = await Worker.OpenSessionAsync())
        {
            await session.SubmitAsync(
                Task(1, "meet", $"[\"{Worker.PathOf("broken-1")}\", \"{Worker.PathOf("never")}\"]"),
                Task(2, "meet", $"[\"{Worker.PathOf("broken-2")}\", \"{Worker.PathOf("never")}\"]"),
                Task(3, "touch", $"[\"{Worker.PathOf("must-not-be-there")}\"]"));
            await Worker.FileAsync("broken-1");
            await Worker.FileAsync("broken-2");
        }

        // Both lanes are free again, so both handlers have stopped; whatever waited behind them would have run before this.
        using var next = await Worker.OpenSessionAsync();
        await next.SubmitAsync(Task(1, "add", "[1, 2]"), Task(2, "add", "[1, 2]"));
        await next.OutcomeAsync(1);
        await next.OutcomeAsync(2);
        Assert.False(File.Exists(Worker.PathOf("must-not-be-there")));
    }

    [Fact]
    public async Task Whenever_a_session_breaks_nothing_goes_on_for_nobody()
    {
        // A frame that is being queued while its session ends: the deaf would hold a lane for ever.
        for (var i = 0; i < 300; i++)
        {
            using var session = await Worker.OpenSessionAsync();
            await session.SubmitAsync([.. Enumerable.Range(1, 20).Select(n => Task((ulong)n, "sleep", "[600000]"))]);
        }

        using var next = await Worker.OpenSessionAsync();
        await next.SubmitAsync(Task(1, "add", "[1, 2]"), Task(2, "add", "[1, 2]"));
        await next.OutcomeAsync(1);
        await next.OutcomeAsync(2);
    }

    [Fact]
    public async Task Sessions_come_and_go_without_end()
    {
        for (var i = 0; i < 50; i++)
        {
            using var session = await Worker.OpenSessionAsync();
            await session.SubmitAsync(Echo(1, ByteString.Empty));
            await session.OutcomeAsync(1);
            if (i % 2 == 0)
            {
                await session.HalfCloseAsync();
                await session.ToTheEndAsync();
            }
        }
    }
}
