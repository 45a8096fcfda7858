namespace WorkerHost.Tests;

/// <summary>What a pool does while workers are starting, or cannot start.</summary>
public sealed class BootTests
{
    [Fact]
    [Trait("Scenario", "29")]
    public async Task A_waiting_task_goes_to_the_worker_that_becomes_free_and_not_to_one_that_is_still_starting()
    {
        var first = TestPool.NewPath();
        var options = TestPool.Options(workers: 2);
        await using var pool = await WorkerPool.StartAsync(TestPool.Worker("--first-boots", first), options, TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        var here = TestPool.NewPath();
        var there = TestPool.NewPath();
        var running = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));
        var waiting = pool.Submit<int>("pid", []);
        Assert.Contains(pool.Workers, w => w.State == SlotState.Starting);

        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);

        Assert.Equal(await running.Task.WaitAsync(TestPool.Patience), await waiting.Task.WaitAsync(TestPool.Patience));
        Assert.Contains(pool.Workers, w => w.State == SlotState.Starting);
        await File.WriteAllTextAsync(first + ".go", "", TestContext.Current.CancellationToken);
        await TestPool.Until(() => pool.Workers.Count(w => w.State == SlotState.Ready) >= 2);
        new[] { first, first + ".go", here, there }.ToList().ForEach(File.Delete);
    }

    [Fact]
    [Trait("Scenario", "23")]
    public async Task When_no_worker_can_boot_calls_fail_fast_and_say_why_until_the_cause_is_gone()
    {
        using var needed = new NeededFile();
        var options = TestPool.Options(workers: 2);
        options = options with
        {
            Supervision = options.Supervision with
            {
                Restart = new RestartOptions { Intensity = 1, MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(500) },
            },
        };
        await using var pool = await TestPool.StartAsync(options, needed.Arguments);
        var supervisor = pool.Supervisor!;
        await TestPool.Until(() => supervisor.Counts is { Idle: 2, Spare: 1, Starting: 0 });
        Assert.True(supervisor.Readiness.IsReady);

        needed.TakeAway();
        supervisor.Workers.ToList().ForEach(w => TestPool.Kill(w.Pid));
        var waiting = pool.Submit<int>("add", [1, 2], new TaskOptions { Idempotent = true, Attempts = 100 });
        await TestPool.Until(() => supervisor.Counts is { CrashLooping: > 0, Total: 0 }, "the breakers are open");

        Assert.Equal(TaskFailureKind.NoWorkers, (await TestPool.FailureOf(waiting))?.Kind);
        var refused = await RefusalAsync(pool);
        Assert.Equal(TaskFailureKind.NoWorkers, refused.Kind);
        Assert.True(refused.Failure.RetryAfter >= TimeSpan.Zero, $"{refused.Failure.RetryAfter}");
        Assert.True(refused.Failure.NeverStarted);
        Assert.Contains("exit code 3", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cannot boot without", refused.Message, StringComparison.Ordinal);
        Assert.False(supervisor.Readiness.IsReady);
        Assert.All(supervisor.Workers, w => Assert.True(w.State is SlotState.CrashLooping or SlotState.Starting or SlotState.BackingOff, $"{w.State}"));

        needed.BringBack();
        await TestPool.Until(() => supervisor.Counts.Idle == 2, "the pool has recovered by itself");

        Assert.True(supervisor.Readiness.IsReady);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    // A probe may be under way at the very moment: then a call may wait for its end, and is refused when it has failed.
    private static async Task<TaskException> RefusalAsync(WorkerPool pool)
    {
        try
        {
            return (await TestPool.FailureOf(pool.Submit<int>("add", [1, 2])))!;
        }
        catch (TaskException refused)
        {
            return refused;
        }
    }
}
