using Grpc.Core;
using WorkerHost.V1;
using static WorkerHost.Worker.Tests.SessionUnderTest;
using Kind = WorkerHost.V1.TaskFailureKind;

namespace WorkerHost.Worker.Tests;

/// <summary>What becomes of tasks that a worker holds and has not started: one lane, kept busy.</summary>
public sealed class QueueTests : IAsyncLifetime
{
    private WorkerUnderTest worker = null!;
    private SessionUnderTest session = null!;

    public async ValueTask InitializeAsync()
    {
        worker = await WorkerUnderTest.StartAsync();
        session = await worker.OpenSessionAsync();
        await session.SubmitAsync(Task(1, "meet", $"[\"{worker.PathOf("running")}\", \"{worker.PathOf("go")}\"]"));
        await worker.FileAsync("running");
    }

    public async ValueTask DisposeAsync()
    {
        session.Dispose();
        await worker.DisposeAsync();
    }

    [Fact]
    public async Task Recalled_before_its_start_a_task_comes_back_and_the_others_run_in_order()
    {
        await session.SubmitAsync([.. Enumerable.Range(2, 9).Select(static n => Task((ulong)n, "add", "[1, 2]"))]);

        await session.RecallAsync(3, 1, 4);

        Assert.True((await session.OutcomeAsync(3)).Recalled);
        Assert.True((await session.OutcomeAsync(4)).Recalled);
        worker.Touch("go");
        await session.HalfCloseAsync();
        var outcomes = await session.ToTheEndAsync();
        Assert.Equal(10, outcomes.Count);
        Assert.False(outcomes[1].Recalled);
        Assert.Equal([1, 2, 5, 6, 7, 8, 9, 10], session.Frames.SelectMany(static f => f.Outcomes).Where(static o => !o.Recalled).Select(static o => o.Sequence));
    }

    [Fact]
    public async Task Cancelled_before_its_start_a_task_never_starts()
    {
        await session.SubmitAsync(Task(2, "touch", $"[\"{worker.PathOf("touched")}\"]"), Task(3, "add", "[1, 2]"));

        await session.CancelAsync(2);

        var failure = (await session.OutcomeAsync(2)).Failure;
        Assert.Equal(Kind.Cancelled, failure.Kind);
        Assert.True(failure.NeverStarted);
        worker.Touch("go");
        await session.OutcomeAsync(3);
        Assert.False(File.Exists(worker.PathOf("touched")));
    }

    [Fact]
    [Trait("Scenario", "36")]
    public async Task Cancelling_ten_thousand_waiting_tasks_leaves_the_running_one_alone()
    {
        var all = Enumerable.Range(2, 10_000).Select(static n => (ulong)n).ToArray();
        await session.SubmitAsync([.. all.Select(static n => Task(n, "add", "[1, 2]"))]);

        await session.CancelAsync(all);

        foreach (var sequence in all)
        {
            Assert.True((await session.OutcomeAsync(sequence)).Failure.NeverStarted);
        }

        worker.Touch("go");
        Assert.Null((await session.OutcomeAsync(1)).Failure);
    }

    [Fact]
    [Trait("Scenario", "53")]
    public async Task A_time_limit_that_passes_in_the_queue_is_told_while_the_lane_is_still_busy()
    {
        var limited = Task(2, "touch", $"[\"{worker.PathOf("touched")}\"]");
        limited.TimeLimitUs = 20_000;

        await session.SubmitAsync(limited, Task(3, "add", "[1, 2]"));

        var failure = (await session.OutcomeAsync(2)).Failure;
        Assert.Equal(Kind.DeadlineExceeded, failure.Kind);
        Assert.True(failure.NeverStarted);
        worker.Touch("go");
        await session.OutcomeAsync(3);
        Assert.False(File.Exists(worker.PathOf("touched")));
    }

    [Fact]
    public async Task A_unary_call_that_waits_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var call = worker.Endpoint.RunAsync(WorkerUnderTest.Request("touch", $"[\"{worker.PathOf("touched")}\"]"), cancellationToken: cancel.Token);
        var control = new WorkerControl.WorkerControlClient(worker.Channel);
        while ((await control.DiagnoseAsync(new DiagnoseRequest())).Waiting == 0)
        {
        }

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<RpcException>(async () => await call);
        while ((await control.DiagnoseAsync(new DiagnoseRequest())).Waiting > 0)
        {
        }

        worker.Touch("go");
        await session.OutcomeAsync(1);
        Assert.False(File.Exists(worker.PathOf("touched")));
    }

    [Fact]
    public async Task A_worker_that_holds_as_much_as_it_can_refuses_more_and_keeps_what_it_has()
    {
        var next = 2ul;
        for (var frame = 0; frame < (LaneQueue.MaxTasks / 4096) + 1; frame++)
        {
            await session.SubmitAsync([.. Enumerable.Range(0, 4096).Select(n => Task(next + (ulong)n, "nothing"))]);
            next += 4096;
        }

        var refused = (await session.OutcomeAsync(next - 1)).Failure;
        Assert.Equal(Kind.Rejected, refused.Kind);
        Assert.True(refused.NeverStarted);
        Assert.NotNull(refused.RetryAfter);
        worker.Touch("go");
        await session.HalfCloseAsync();
        var outcomes = await session.ToTheEndAsync();
        Assert.Equal((int)next - 1, outcomes.Count);
        Assert.Equal(LaneQueue.MaxTasks + 1, outcomes.Values.Count(static o => o.Failure is null));
    }

    [Fact]
    public async Task Diagnose_names_what_runs_and_counts_what_waits()
    {
        await session.SubmitAsync(Task(2, "nothing"), Task(3, "nothing"), Echo(4, Google.Protobuf.ByteString.Empty));
        var control = new WorkerControl.WorkerControlClient(worker.Channel);
        DiagnoseResponse diagnosis;
        do
        {
            diagnosis = await control.DiagnoseAsync(new DiagnoseRequest());
        }
        while (diagnosis.Waiting < 3);

        var running = Assert.Single(diagnosis.Running);
        Assert.Equal("meet", running.Task);
        Assert.Equal("prefix-1", running.Id);
        Assert.Equal(3u, diagnosis.Waiting);
        Assert.True(diagnosis.ResidentBytes > 0 && diagnosis.ManagedHeapBytes > 0 && diagnosis.Threads > 0);
    }
}
