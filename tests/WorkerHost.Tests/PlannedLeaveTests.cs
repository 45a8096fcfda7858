namespace WorkerHost.Tests;

/// <summary>A worker that is replaced as planned finishes what it has, however long that takes.</summary>
public sealed class PlannedLeaveTests
{
    [Fact]
    [Trait("Scenario", "39")]
    public async Task A_task_that_outlasts_every_time_for_draining_ends_before_its_worker_leaves()
    {
        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        await using var pool = await TestPool.StartAsync(WithDrain(null));
        var supervisor = pool.Supervisor!;
        var task = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));
        var old = supervisor.Workers.Single(w => w.RunningTasks == 1);

        var restart = supervisor.RestartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var overdue = await supervisor.EventAsync<SupervisorEvent.DrainOverdue>();
        Assert.Equal(old.Id, overdue.Id);
        Assert.Equal(1, overdue.RunningTasks);

        // Meanwhile others work, and the picture says who still works and why.
        Assert.Equal(2, await pool.Submit<int>("increment", [1]).Task.WaitAsync(TestPool.Patience));
        var leaving = supervisor.Workers.Single(w => w.Id == old.Id);
        Assert.Equal((SlotState.Draining, "rolling restart", 1), (leaving.State, leaving.LeavingBecause, leaving.RunningTasks));
        Assert.False(restart.IsCompleted);

        File.WriteAllText(there, "");
        Assert.Equal(old.Pid, await task.Task.WaitAsync(TestPool.Patience));
        await restart.WaitAsync(TestPool.Patience);
        Assert.Single(task.Attempts);
        var died = await supervisor.EventAsync<SupervisorEvent.Died>(d => d.Report.Worker == old.Id);
        Assert.Equal((DeathCause.Recycle, WorkerExitCode.Success), (died.Report.Cause, died.Report.ExitCode));
    }

    [Fact]
    [Trait("Scenario", "39")]
    public async Task With_a_limit_a_planned_leave_ends_the_task_that_does_not_end()
    {
        var here = TestPool.NewPath();
        await using var pool = await TestPool.StartAsync(WithDrain(TimeSpan.FromMilliseconds(200)));
        var supervisor = pool.Supervisor!;
        var task = pool.Submit<int>("meet", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));
        var old = supervisor.Workers.Single(w => w.RunningTasks == 1);

        await supervisor.DrainAsync(old.Id, TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        Assert.NotNull(await TestPool.FailureOf(task));
        Assert.DoesNotContain(supervisor.Workers, w => w.Id == old.Id);
    }

    [Fact]
    [Trait("Scenario", "39")]
    [Trait("Category", "Slow")]
    public async Task A_stop_waits_no_longer_for_one_that_was_let_work_on()
    {
        var here = TestPool.NewPath();
        var pool = await TestPool.StartAsync(WithDrain(null) with { DrainTimeout = TimeSpan.FromMilliseconds(100) });
        var supervisor = pool.Supervisor!;
        var task = pool.Submit<int>("meet_deaf", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));
        _ = supervisor.DrainAsync(supervisor.Workers.Single(w => w.RunningTasks == 1).Id, CancellationToken.None);
        await supervisor.EventAsync<SupervisorEvent.DrainOverdue>();

        await pool.DisposeAsync().AsTask().WaitAsync(TestPool.Patience);
        Assert.NotNull(await Record.ExceptionAsync(() => task.Completion.WaitAsync(TestPool.Patience)));
    }

    private static EmbeddedPoolOptions WithDrain(TimeSpan? longest)
    {
        var options = TestPool.Options(workers: 2);
        return options with
        {
            Supervision = options.Supervision with
            {
                DrainTimeout = TimeSpan.FromMilliseconds(200),
                Recycling = new RecycleOptions { MaxDrain = longest },
            },
        };
    }
}
