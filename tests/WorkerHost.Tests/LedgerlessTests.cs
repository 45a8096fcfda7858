namespace WorkerHost.Tests;

/// <summary>A supervised worker that leaves its ledger alone, as one in another language does: what it had may have run.</summary>
[Trait("Scenario", "13")]
public sealed class LedgerlessTests : IAsyncLifetime
{
    private WorkerPool pool = null!;

    public async ValueTask InitializeAsync() => pool = await TestPool.StartAsync(TestPool.Options(), "--without-ledger");

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Fact]
    public async Task A_task_whose_worker_died_may_have_run_and_is_lost_unless_it_is_idempotent()
    {
        var here = TestPool.NewPath();
        var lost = pool.Submit<int>("meet", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here), "it runs");
        TestPool.Kill(pool.Workers[0].Pid);

        var failure = await TestPool.FailureOf(lost);

        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Unknown), (failure?.Kind, failure?.Failure.Verdict));
        Assert.Contains("it may have run; it is not tried again because TaskOptions.Idempotent is false", failure!.Message, StringComparison.Ordinal);
        Assert.Equal("SIGKILL", Assert.Single(failure.Failure.Deaths).Signal);
        Assert.Equal([lost.Id], failure.Failure.Deaths[0].RunningTasks);
        File.Delete(here);
    }

    [Fact]
    public async Task An_idempotent_task_whose_worker_died_is_tried_again()
    {
        var marker = TestPool.NewPath();
        var again = pool.Submit<int>("die_if_missing", [marker], new TaskOptions { Idempotent = true });

        Assert.Equal(await again.Task.WaitAsync(TestPool.Patience), again.Attempts[1].Pid);
        Assert.Equal([AttemptEnd.Lost, AttemptEnd.Succeeded], again.Attempts.Select(a => a.End));
        Assert.Equal(StartVerdict.Unknown, again.Attempts[0].Failure!.Verdict);
        File.Delete(marker);
    }

    [Fact]
    [Trait("Scenario", "16")]
    public async Task A_task_that_crashes_its_workers_is_quarantined_all_the_same()
    {
        var failure = await TestPool.FailureOf(pool.Submit("segv", [], new TaskOptions { Id = "poison", Idempotent = true, Attempts = 100 }));

        Assert.Equal((TaskFailureKind.Quarantined, 2), (failure?.Kind, failure?.Failure.Deaths.Length));
        Assert.Equal("poison", Assert.Single(pool.Quarantined).Id);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }
}
