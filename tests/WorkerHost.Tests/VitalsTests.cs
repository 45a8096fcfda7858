namespace WorkerHost.Tests;

/// <summary>What becomes of a worker's tasks when it freezes or reaches one of its limits.</summary>
public sealed class VitalsTests
{
    private const long MiB = 1024 * 1024;
    private const int SigStop = 19;

    [Fact]
    [Trait("Scenario", "33")]
    [Trait("Category", "Slow")]
    public async Task Tasks_that_take_much_longer_than_a_silent_worker_may_live_complete()
    {
        // Long enough that a beating worker, which has to share its processor with one that spins and with other tests, is not taken for silent.
        const int ms = 12_000;
        await using var pool = await TestPool.StartAsync(Options(QuickLiveness.Patient with { DeadAfter = TimeSpan.FromMilliseconds(ms * 2 / 3) }, workers: 2));
        TaskFuture<int>[] futures = [pool.Submit<int>("spin", [ms]), pool.Submit<int>("block", [ms])];
        await TestPool.Until(() => pool.Workers.Sum(w => w.RunningTasks) == 2);
        var results = await Task.WhenAll(futures.Select(f => f.Task)).WaitAsync(TestPool.Patience);
        Assert.Equal([ms, ms], results);
        Assert.Empty(pool.Supervisor!.Totals.Deaths);
    }

    [Fact]
    public async Task A_worker_that_is_stopped_in_a_task_is_found_and_the_task_is_told_why()
    {
        await using var pool = await TestPool.StartAsync(Options(QuickLiveness.Impatient));
        var (here, never) = (TestPool.NewPath(), TestPool.NewPath());
        var future = pool.Submit<int>("meet", [here, never]);
        await TestPool.Until(() => File.Exists(here));
        TestPool.Kill(pool.Workers[0].Pid, SigStop);
        var failure = await TestPool.FailureOf(future);
        File.Delete(here);
        Assert.Equal(TaskFailureKind.WorkerLost, failure?.Kind);
        var death = Assert.Single(failure!.Failure.Deaths);
        Assert.Equal(DeathCause.Hang, death.Cause);
        Assert.Equal([future.Id], death.RunningTasks);
        Assert.Contains("a signal has stopped the process", death.Reason, StringComparison.Ordinal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Scenario", "39")]
    public async Task A_worker_over_its_soft_memory_limit_finishes_its_task_and_is_replaced()
    {
        await using var pool = await TestPool.StartAsync(Options(QuickLiveness.Patient, new RecycleOptions { SoftMemoryBytes = 300 * MiB }));
        var pid = await pool.Submit<int>("leak_and_block", [300, 2000]).Task.WaitAsync(TestPool.Patience);
        await TestPool.Until(() => pool.Supervisor!.Totals.Recycles == 1);
        var death = (await pool.Supervisor!.WatchAsync(0, TestContext.Current.CancellationToken).OfType<SupervisorEvent.Died>().FirstAsync(TestContext.Current.CancellationToken)).Report;
        Assert.Equal((pid, DeathCause.Recycle), (death.Pid, death.Cause));
        Assert.Contains("Recycling.SoftMemoryBytes is 300 MiB", death.Reason, StringComparison.Ordinal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Scenario", "39")]
    public async Task A_worker_over_its_hard_memory_limit_is_killed_in_its_task_and_the_task_is_charged()
    {
        await using var pool = await TestPool.StartAsync(Options(QuickLiveness.Patient, new RecycleOptions { HardMemoryBytes = 300 * MiB }));
        var failure = await TestPool.FailureOf(pool.Submit<int>("leak_and_block", [320, 600_000], new TaskOptions { Idempotent = true }));
        Assert.InRange(failure!.Failure.Deaths.Length, 1, 3);
        Assert.All(failure.Failure.Deaths, d => Assert.Equal((DeathCause.Limit, "SIGKILL"), (d.Cause, d.Signal)));
        Assert.All(failure.Failure.Deaths, d => Assert.Contains("Recycling.HardMemoryBytes is 300 MiB", d.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Scenario", "38")]
    [InlineData(1, 1, Traits = ["Category", "Slow"])]
    [InlineData(1, 2, Traits = ["Category", "Slow"])]
    [InlineData(4, 1, Traits = ["Category", "Slow"])]
    [InlineData(4, 2)]
    public async Task With_a_few_tasks_per_worker_every_pid_serves_its_share_and_no_start_is_held_back(int workers, int maxTasks)
    {
        const int tasks = 24;

        // The restart policy is the default one here: a recycle that is wanted is not abuse.
        var options = Options(new LivenessOptions(), new RecycleOptions { MaxTasks = maxTasks }, workers);
        options = options with { Supervision = options.Supervision with { Restart = new RestartOptions() } };
        await using var pool = await TestPool.StartAsync(options);
        var futures = Enumerable.Range(0, tasks).Select(_ => pool.Submit<int>("pid", [])).ToArray();
        var pids = await Task.WhenAll(futures.Select(f => f.Task)).WaitAsync(TestPool.Patience);
        var shares = pids.CountBy(p => p).Select(s => s.Value).ToArray();

        // Only where the backlog ends may workers be left with less than their share.
        Assert.All(shares, share => Assert.InRange(share, 1, maxTasks));
        Assert.InRange(shares.Count(s => s < maxTasks), 0, maxTasks == 1 ? 0 : workers);
        var full = shares.Count(s => s == maxTasks);
        await TestPool.Until(() => pool.Supervisor!.Totals.Recycles == full);
        var deaths = await pool.Supervisor!.WatchAsync(0, TestContext.Current.CancellationToken).OfType<SupervisorEvent.Died>()
            .Take(full).ToListAsync(TestContext.Current.CancellationToken);
        Assert.All(deaths, d => Assert.Equal(DeathCause.Recycle, d.Report.Cause));
        Assert.All(deaths, d => Assert.True(d.Report.NextTryIn is null || d.Report.NextTryIn == TimeSpan.Zero, d.Report.Next));
    }

    [Fact]
    [Trait("Scenario", "42")]
    [Trait("Category", "Slow")]
    public async Task Shares_of_tasks_and_deaths_race_and_every_task_completes()
    {
        await using var pool = await TestPool.StartAsync(Options(new LivenessOptions(), new RecycleOptions { MaxTasks = 3 }, workers: 3));
        var random = new Random(42);
        var futures = Enumerable.Range(0, 40).Select(i => pool.Submit<int>("block", [20], new TaskOptions { Idempotent = true, Attempts = 1000 })).ToArray();
        for (var i = 0; i < 8; i++)
        {
            await futures[random.Next(40)].Completion.WaitAsync(TestPool.Patience);
            var alive = pool.Workers.Where(w => w is { State: SlotState.Ready, Pid: not 0 }).ToArray();
            if (alive.Length > 0)
            {
                TestPool.Kill(alive[random.Next(alive.Length)].Pid);
            }
        }

        Assert.All(await Task.WhenAll(futures.Select(f => f.Task)).WaitAsync(TestPool.Patience), ms => Assert.Equal(20, ms));
    }

    private static EmbeddedPoolOptions Options(LivenessOptions liveness, RecycleOptions? recycling = null, int workers = 1)
    {
        var options = TestPool.Options(workers);
        return options with { Supervision = options.Supervision with { Liveness = liveness, Recycling = recycling ?? new RecycleOptions() } };
    }
}
