namespace WorkerHost.Client.Tests;

/// <summary><c>Cancel</c> from each state answers the truth and leaves the state right.</summary>
[Trait("Scenario", "1")]
public sealed class CancelTests
{
    [Fact]
    public async Task A_pending_task_is_cancelled_and_never_sent()
    {
        await using var rig = new LoopRig();
        var future = rig.Submit();
        Assert.Equal(TaskState.Pending, future.State);

        Assert.True(future.Cancel());

        Assert.Equal(TaskState.Cancelled, future.State);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => future.Soon());
        await future.Settled.Soon();
        Assert.Equal(0, rig.Connect().Count);
    }

    [Fact]
    public async Task A_running_task_ends_as_cancelled_at_once_and_settles_when_its_handler_has_returned()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        var (_, sequence) = await worker.NextAsync();
        Assert.Equal(TaskState.Running, future.State);

        Assert.True(future.Cancel());

        Assert.Equal(TaskState.Cancelled, future.State);
        Assert.Equal(sequence, await worker.Cancels.ReadAsync(TestContext.Current.CancellationToken).Soon());
        Assert.False(future.Settled.IsCompleted);
        worker.Succeed(sequence);
        await future.Settled.Soon();
        Assert.Equal(TaskState.Cancelled, future.State);
        Assert.Equal(1, rig.Loop.LateOutcomes);
    }

    [Fact]
    public async Task A_cancelled_task_is_not_cancelled_twice()
    {
        await using var rig = new LoopRig();
        var future = rig.Submit();
        Assert.True(future.Cancel());
        Assert.False(future.Cancel());
        Assert.Equal(TaskState.Cancelled, future.State);
        Assert.Null(future.Failure);
    }

    [Fact]
    public async Task A_task_that_succeeded_cannot_be_cancelled()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Succeed((await worker.NextAsync()).Sequence, "42");
        Assert.Equal(42, await future.Soon());

        Assert.False(future.Cancel());

        Assert.Equal(TaskState.Succeeded, future.State);
        Assert.Equal(42, future.GetResult());
    }

    [Fact]
    public async Task A_task_that_failed_cannot_be_cancelled()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());
        await Assert.ThrowsAsync<TaskException>(() => future.Soon());

        Assert.False(future.Cancel());

        Assert.Equal(TaskState.Failed, future.State);
        Assert.Equal(TaskFailureKind.TaskFailed, future.Failure!.Kind);
    }

    [Fact]
    [Trait("Scenario", "31")]
    public async Task A_running_task_that_does_not_heed_its_cancellation_loses_its_process_after_the_grace()
    {
        await using var rig = new LoopRig(new DispatcherOptions { CancelGrace = TimeSpan.FromSeconds(2), TerminateGrace = TimeSpan.FromSeconds(5) });
        var worker = rig.Connect();
        var future = rig.Submit();
        await worker.NextAsync();
        future.Cancel();
        rig.Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(rig.BackChannel.Kills.TryRead(out _));

        rig.Time.Advance(TimeSpan.FromSeconds(0.2));

        var kill = await rig.BackChannel.Kills.ReadAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal((worker.State.Worker.Id, TimeSpan.FromSeconds(5)), (kill.Worker, kill.Grace));
        Assert.False(future.Settled.IsCompleted);
        worker.Die();
        await future.Settled.Soon();
    }

    [Fact]
    [Trait("Scenario", "31")]
    public async Task A_running_task_whose_time_limit_passes_fails_in_time_and_is_stopped()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(3) });
        var (_, sequence) = await worker.NextAsync();

        rig.Time.Advance(TimeSpan.FromSeconds(3.1));

        var failure = (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Failure;
        Assert.Equal(TaskFailureKind.DeadlineExceeded, failure.Kind);
        Assert.Contains("time limit of 3 s", failure.Message, StringComparison.Ordinal);
        Assert.Equal(sequence, await worker.Cancels.ReadAsync(TestContext.Current.CancellationToken).Soon());
        worker.Fail(sequence, new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "it heeded" });
        await future.Settled.Soon();
    }
}
