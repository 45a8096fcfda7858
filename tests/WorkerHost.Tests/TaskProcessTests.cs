namespace WorkerHost.Tests;

/// <summary>A task in a process of its own.</summary>
public sealed class TaskProcessTests
{
    [Fact]
    public async Task It_lives_for_its_task_and_leaves_with_0()
    {
        var started = await StartAsync(static p => p.Submit(Shapes.Later2, 1, 2));
        await using (started)
        {
            Assert.Equal(3, await started.Future.Task.WaitAsync(TestPool.Patience));
            Assert.True(started.Join(TestPool.Patience));
        }

        Assert.Equal((false, 0, DeathCause.Stop), (started.IsAlive, started.ExitCode, started.Death!.Cause));
        Assert.False(TestPool.IsAlive(started.Pid));
    }

    [Fact]
    public async Task What_its_task_throws_is_the_tasks_failure_and_no_death()
    {
        await using var process = await StartAsync(static p => p.Submit(Shapes.Divide, 1, 0));

        Assert.Equal(TaskFailureKind.TaskFailed, (await TestPool.FailureOf(process.Future))!.Kind);
        await process.Exited.WaitAsync(TestPool.Patience);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task While_its_task_runs_it_is_alive_and_joining_can_be_given_up()
    {
        var path = TestPool.NewPath();
        await using var process = await StartAsync(p => p.Submit(Shapes.UntilCancelled, path));
        await TestPool.Until(() => File.Exists(path));

        Assert.False(process.Join(TimeSpan.Zero));
        Assert.Equal((true, null), (process.IsAlive, process.ExitCode));
        Assert.True(TestPool.IsAlive(process.Pid));

        process.Terminate();

        Assert.True(process.Join(TestPool.Patience));
        Assert.Equal((TaskState.Cancelled, 0), (process.Future.State, process.ExitCode));
        File.Delete(path);
    }

    [Fact]
    public async Task Killed_it_says_so_and_nothing_comes_in_its_place()
    {
        var path = TestPool.NewPath();
        await using var process = await StartAsync(p => p.Submit(Shapes.UntilCancelled, path, new TaskOptions { Idempotent = true }));
        await TestPool.Until(() => File.Exists(path));

        process.Kill();

        var failure = await TestPool.FailureOf(process.Future);
        await process.Exited.WaitAsync(TestPool.Patience);
        Assert.Equal((TaskFailureKind.WorkerLost, "SIGKILL", null), (failure!.Kind, process.Death!.Signal, process.ExitCode));
        Assert.Single(process.Future.Attempts);
        Assert.False(TestPool.IsAlive(process.Pid));
        File.Delete(path);
    }

    [Theory]
    [InlineData("exit", 42, null)]
    [InlineData("segv", null, "SIGSEGV")]
    public async Task Dying_of_its_task_it_says_how(string task, int? code, string? signal)
    {
        await using var process = await StartAsync(p => p.Submit<int>(task, code is { } c ? [c] : []));

        Assert.Equal(TaskFailureKind.WorkerLost, (await TestPool.FailureOf(process.Future))!.Kind);
        await process.Exited.WaitAsync(TestPool.Patience);
        Assert.Equal((code, signal), (process.ExitCode, process.Death!.Signal));
        Assert.Equal(("none: it was started for one task", null), (process.Death.Next, process.Death.NextTryIn));
    }

    [Fact]
    public async Task Its_task_is_tried_once_whatever_its_own_options_say()
    {
        await using var process = await StartAsync(static p => p.Submit<int>("exit", [42], new TaskOptions { Idempotent = true, Attempts = 5 }));

        var failure = await TestPool.FailureOf(process.Future);

        Assert.Equal(TaskFailureKind.WorkerLost, failure!.Kind);
        Assert.Equal(42, Assert.Single(failure.Failure.Deaths).ExitCode);
    }

    [Fact]
    public async Task One_that_cannot_start_says_why_and_leaves_nothing()
    {
        var failure = await Assert.ThrowsAsync<WorkerStartException>(() => TaskProcess.StartAsync(static p => p.Submit(Shapes.Last), WorkerCommand.Create("/nowhere/at/all")));

        Assert.Contains("/nowhere/at/all", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(static p => p.Submit(static (int a) => a, 1)));
    }

    [Fact]
    public async Task One_that_is_given_no_task_says_so_at_once_and_leaves_nothing()
    {
        var pid = 0;

        var failure = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync<int>(p =>
        {
            pid = p.Workers[0].Pid;
            _ = p.Submit(Shapes.UntilCancelled, TestPool.NewPath());
            return null!;
        }));

        Assert.Contains("null", failure.Message, StringComparison.Ordinal);
        Assert.False(TestPool.IsAlive(pid));
    }

    [Fact]
    public async Task One_without_a_result_is_a_process_like_any_other()
    {
        await using TaskProcess process = await TaskProcess.StartAsync(static p => p.Submit(Shapes.Waits1, 1), TestPool.Worker(), cancellationToken: TestContext.Current.CancellationToken);

        await process.Exited.WaitAsync(TestPool.Patience);
        Assert.Equal((TaskState.Succeeded, 0), (process.Future.State, process.ExitCode));
    }

    [Fact]
    public async Task Disposed_of_it_is_gone()
    {
        var path = TestPool.NewPath();
        var process = await StartAsync(p => p.Submit(Shapes.UntilCancelled, path));

        await process.DisposeAsync().AsTask().WaitAsync(TestPool.Patience);

        Assert.False(process.IsAlive);
        Assert.False(TestPool.IsAlive(process.Pid));
        File.Delete(path);
    }

    private static Task<TaskProcess<T>> StartAsync<T>(Func<WorkerPool, TaskFuture<T>> task) =>
        TaskProcess.StartAsync(task, TestPool.Worker(), cancellationToken: TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
}
