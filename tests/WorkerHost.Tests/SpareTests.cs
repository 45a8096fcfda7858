namespace WorkerHost.Tests;

/// <summary>A worker that is started, connected and warm already takes the place of one that is gone.</summary>
public sealed class SpareTests : IAsyncLifetime
{
    private WorkerPool pool = null!;

    private Supervisor Supervisor => pool.Supervisor!;

    public async ValueTask InitializeAsync()
    {
        var options = TestPool.Options();
        pool = await TestPool.StartAsync(options with { Supervision = options.Supervision with { Spares = 1 } });
        await SpareIsThereAsync();
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Fact]
    [Trait("Scenario", "9")]
    public async Task After_a_kill_the_task_that_waits_is_answered_by_the_spare_and_the_spare_is_replaced_behind()
    {
        for (var round = 0; round < 3; round++)
        {
            var spare = Spare();
            var here = TestPool.NewPath();
            var running = pool.Submit<int>("meet", [here, TestPool.NewPath()]);
            await TestPool.Until(() => File.Exists(here));
            var waiting = pool.Submit<int>("pid", []);

            TestPool.Kill(running.Attempts[^1].Pid);

            Assert.Equal(spare.Pid, await waiting.Task.WaitAsync(TestPool.Patience));
            var failure = await TestPool.FailureOf(running);
            Assert.Equal(TaskFailureKind.WorkerLost, failure?.Kind);
            Assert.Equal(spare.Pid, Supervisor.Workers.Single(w => w.Id == spare.Id).Pid);
            Assert.False(Supervisor.Workers.Single(w => w.Id == spare.Id).IsSpare);
            await SpareIsThereAsync();
            Assert.NotEqual(spare.Pid, Spare().Pid);
            File.Delete(here);
        }
    }

    [Fact]
    public async Task A_worker_told_to_leave_while_busy_hands_its_place_to_the_spare_at_once_and_finishes_its_task()
    {
        var spare = Spare();
        var here = TestPool.NewPath();
        var there = TestPool.NewPath();
        var running = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));
        var leaver = running.Attempts[^1];

        var drained = Supervisor.DrainAsync(leaver.Worker, TestContext.Current.CancellationToken);

        Assert.Equal(spare.Pid, await pool.Submit<int>("pid", []).Task.WaitAsync(TestPool.Patience));
        Assert.False(drained.IsCompleted);
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(leaver.Pid, await running.Task.WaitAsync(TestPool.Patience));
        await drained.WaitAsync(TestPool.Patience);
        await SpareIsThereAsync();
        Assert.False(TestPool.IsAlive(leaver.Pid));
        File.Delete(here);
        File.Delete(there);
    }

    private WorkerStatus Spare() => Supervisor.Workers.Single(w => w.IsSpare);

    private Task SpareIsThereAsync() => TestPool.Until(() => Supervisor.Counts is { Spare: 1, Idle: 1, Total: 2 }, "a worker and its spare are ready");
}
