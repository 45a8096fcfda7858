namespace WorkerHost.Tests;

/// <summary>What an operator asks for while something else that was asked for is under way, with real workers at work.</summary>
public sealed class OverlapTests
{
    [Fact]
    [Trait("Scenario", "44")]
    [Trait("Category", "Slow")]
    public async Task A_pool_is_scaled_up_and_down_under_load_without_a_failed_task()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var supervisor = pool.Supervisor!;
        var load = Load.Start(16, () => pool.Submit<int>("increment", [1], new TaskOptions { Attempts = 1 }));
        foreach (var workers in new[] { 4, 1, 3 })
        {
            await load.AnotherAsync(100);
            await supervisor.ScaleAsync(workers, TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
            Assert.Equal(workers, supervisor.Workers.Count(static w => w is { State: SlotState.Ready, IsSpare: false }));
        }

        await load.AnotherAsync(100);
        var (failures, _) = await load.StopAsync();
        Assert.Empty(failures);
        Assert.Equal(0, supervisor.Totals.Deaths.Where(static d => d.Key != DeathCause.Recycle).Sum(static d => d.Value));
    }

    [Fact]
    public async Task A_pool_scaled_to_0_finishes_what_runs_refuses_the_rest_and_comes_back()
    {
        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var supervisor = pool.Supervisor!;
        var running = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));

        var drained = supervisor.ScaleAsync(0, TestContext.Current.CancellationToken);
        await TestPool.Until(() => supervisor.Workers.Any(static w => w is { State: SlotState.Draining, RunningTasks: 1 }));
        Assert.False(drained.IsCompleted);
        File.WriteAllText(there, "");
        await drained.WaitAsync(TestPool.Patience);
        await running.Completion.WaitAsync(TestPool.Patience);
        Assert.Empty(supervisor.Workers);
        Assert.False(supervisor.Readiness.IsReady);
        var refusal = await Assert.ThrowsAsync<TaskException>(() => pool.Submit<int>("increment", [1]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(TaskFailureKind.NoWorkers, refusal.Kind);

        await supervisor.ScaleAsync(2, TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        Assert.Equal(2, await pool.Submit<int>("increment", [1]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Scenario", "44")]
    public async Task Of_restarts_scalings_drains_and_kills_that_overlap_the_last_wins_and_all_who_wait_return()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 3));
        var supervisor = pool.Supervisor!;
        await TestPool.Until(() => supervisor.Counts is { Starting: 0, Spare: 1 });
        var old = supervisor.Workers.Select(static w => w.Id).ToList();
        var load = Load.Start(16, () => pool.Submit<int>("increment", [1], new TaskOptions { Idempotent = true, Attempts = 1000 }));
        await load.AnotherAsync(100);

        var token = TestContext.Current.CancellationToken;
        List<Task> waiting =
        [
            supervisor.RestartAsync(cancellationToken: token),
            supervisor.ScaleAsync(5, token),
            supervisor.DrainAsync(old[0], token),
        ];
        ((IWorkerBackChannel)supervisor).Kill(old[1], "a test", TimeSpan.FromMilliseconds(100));
        waiting.Add(supervisor.RestartAsync(rolling: false, token));
        waiting.Add(supervisor.ScaleAsync(2, token));
        await Task.WhenAll(waiting).WaitAsync(TestPool.Patience);

        await load.AnotherAsync(100);
        var (failures, _) = await load.StopAsync();
        Assert.Empty(failures);
        await TestPool.Until(() => supervisor.Counts is { Starting: 0, Draining: 0, Spare: 1, Total: 3 });
        Assert.DoesNotContain(supervisor.Workers, w => old.Contains(w.Id));
    }
}
