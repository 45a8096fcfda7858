using System.Collections.Concurrent;

namespace WorkerHost.Tests;

/// <summary>Every worker is replaced while the pool is at work.</summary>
public sealed class RollingRestartTests
{
    [Theory]
    [Trait("Scenario", "44")]
    [InlineData(2, 1)]
    [InlineData(3, 0, Traits = ["Category", "Slow"])]
    public async Task Under_load_no_call_fails_and_never_fewer_workers_than_configured_are_ready(int workers, int spares)
    {
        var options = TestPool.Options(workers);
        await using var pool = await TestPool.StartAsync(options with { Supervision = options.Supervision with { Spares = spares } });
        var supervisor = pool.Supervisor!;
        await TestPool.Until(() => supervisor.Counts is { Starting: 0 } c && c.Idle == workers && c.Spare == spares);
        var old = supervisor.Workers.Select(w => w.Pid).ToHashSet();
        var set = new LowestReady(supervisor);

        // Not idempotent: a task whose worker left too early would be lost, not tried again in silence.
        var attempts = new ConcurrentQueue<TaskFuture>();
        var load = Load.Start(32, () =>
        {
            var future = pool.Submit<int>("increment", [1]);
            attempts.Enqueue(future);
            return future;
        });
        await load.AnotherAsync(500);
        await supervisor.RestartAsync(cancellationToken: TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        await load.AnotherAsync(500);
        var (failures, rate) = await load.StopAsync();
        var (lowest, sets) = await set.StopAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"{load.Finished} tasks, {rate:0} per second, {failures.Count} failed; at least {lowest} of {workers} ready in {sets} worker sets");
        Assert.Empty(failures);
        Assert.True(rate >= 500, $"only {rate:0} tasks per second");
        Assert.Equal(workers, lowest);
        Assert.DoesNotContain(supervisor.Workers, w => old.Contains(w.Pid));
        Assert.All(attempts, a => Assert.Single(a.Attempts));
        await TestPool.Until(() => old.All(pid => !TestPool.IsAlive(pid)));
    }

    [Fact]
    [Trait("Scenario", "44")]
    public async Task A_new_generation_that_cannot_boot_stops_the_roll_and_the_old_one_keeps_serving()
    {
        using var needed = new NeededFile();
        var options = TestPool.Options(workers: 2);
        await using var pool = await TestPool.StartAsync(options with { Supervision = options.Supervision with { Spares = 0 } }, needed.Arguments);
        var supervisor = pool.Supervisor!;
        await TestPool.Until(() => supervisor.Counts is { Idle: 2, Total: 2 });
        var old = supervisor.Workers.Select(w => w.Pid).ToList();
        var set = new LowestReady(supervisor);
        var load = Load.Start(8, () => pool.Submit<int>("increment", [1]));
        await load.AnotherAsync(100);

        needed.TakeAway();
        var failure = await Assert.ThrowsAsync<WorkerRestartException>(
            () => supervisor.RestartAsync(cancellationToken: TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience));
        await load.AnotherAsync(100);
        var (failures, _) = await load.StopAsync();
        var (lowest, _) = await set.StopAsync();

        Assert.Equal(3, failure.Death.ExitCode);
        Assert.Contains("cannot boot without", failure.Message, StringComparison.Ordinal);
        Assert.Empty(failures);
        Assert.Equal(2, lowest);
        Assert.Equal(old.Order(), supervisor.Workers.Where(w => w.State == SlotState.Ready).Select(w => w.Pid).Order());

        // And when the cause is gone, the next roll succeeds.
        needed.BringBack();
        await supervisor.RestartAsync(cancellationToken: TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        Assert.DoesNotContain(supervisor.Workers, w => old.Contains(w.Pid));
    }

    /// <summary>Follows every worker set that the supervisor tells its pool.</summary>
    private sealed class LowestReady
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task following;
        private int lowest = int.MaxValue;
        private int sets;

        public LowestReady(IWorkerSource source) => following = FollowAsync(source);

        public async Task<(int Lowest, int Sets)> StopAsync()
        {
            await stop.CancelAsync();
            await following;
            stop.Dispose();
            return (lowest, sets);
        }

        private async Task FollowAsync(IWorkerSource source)
        {
            try
            {
                await foreach (var set in source.Subscribe().ReadAllAsync(stop.Token))
                {
                    sets++;
                    lowest = Math.Min(lowest, set.Ready.Length);
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
