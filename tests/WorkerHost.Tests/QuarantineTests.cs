namespace WorkerHost.Tests;

/// <summary>A task that crashes its worker is found out, with real crashes, and harms nobody else.</summary>
public sealed class QuarantineTests
{
    // On a starved machine the pool may order a kill of a worker whose crash takes longer than its session: such a death convicts
    // nobody, and costs one worker more. Hence only deaths of the workers' own making are counted.
    private static readonly TaskOptions Again = new() { Idempotent = true, Attempts = 100 };

    [Fact]
    [Trait("Scenario", "16")]
    public async Task A_task_that_crashes_two_workers_is_quarantined_and_runs_again_only_after_its_release()
    {
        await using var pool = await TestPool.StartAsync();
        var options = Again with { Id = "poison" };
        var future = pool.Submit<string>("die_in_handler", ["segv"], options);

        var failure = await TestPool.FailureOf(future);

        Assert.Equal(TaskFailureKind.Quarantined, failure?.Kind);
        Assert.Equal(["SIGSEGV", "SIGSEGV"], failure!.Failure.Deaths.Where(d => d.IsOfItsOwnMaking).Select(d => d.Signal));
        Assert.Equal(failure.Failure.Deaths, future.Attempts.Select(a => a.Death!));
        var listed = Assert.Single(pool.Quarantined);
        Assert.Equal(("poison", "die_in_handler"), (listed.Id, listed.Name));

        var refused = Assert.Throws<TaskException>(() => pool.Submit<string>("die_in_handler", ["segv"], options));
        Assert.Equal((TaskFailureKind.Quarantined, true), (refused.Kind, refused.Failure.NeverStarted));
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));

        Assert.True(pool.Release("poison"));
        Assert.Empty(pool.Quarantined);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2], options).Task.WaitAsync(TestPool.Patience));
    }

    [Theory]
    [Trait("Scenario", "16")]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_poison_task_among_a_thousand_good_ones_is_the_only_one_that_is_quarantined(int concurrency)
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2) with { Concurrency = concurrency });
        var good = Enumerable.Range(0, 500).Select(i => pool.Submit<int>("add", [i, 1], Again)).ToList();
        var poison = pool.Submit<string>("die_in_handler", ["segv"], Again);
        good.AddRange(Enumerable.Range(500, 500).Select(i => pool.Submit<int>("add", [i, 1], Again)));

        var failure = await TestPool.FailureOf(poison);

        Assert.Equal(Enumerable.Range(1, 1000), await TaskFuture.WhenAll(good).WaitAsync(TestPool.Patience));
        Assert.Equal(TaskFailureKind.Quarantined, failure?.Kind);
        Assert.InRange(failure!.Failure.Deaths.Count(d => d.IsOfItsOwnMaking), 2, concurrency == 1 ? 2 : 3);
        Assert.Equal(poison.Id, Assert.Single(pool.Quarantined).Id);
    }

    [Fact]
    [Trait("Scenario", "16")]
    public async Task Those_who_shared_the_worker_of_a_poison_task_run_alone_and_are_cleared()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 3 });
        var (here, there) = (Enumerable.Range(0, 2).Select(_ => TestPool.NewPath()).ToList(), TestPool.NewPath());
        var innocents = here.Select(h => pool.Submit<int>("meet", [h, there], Again)).ToList();
        await TestPool.Until(() => here.TrueForAll(File.Exists), "the innocent run");
        var poison = pool.Submit<string>("die_in_handler", ["segv"], Again);
        await TestPool.Until(() => innocents.TrueForAll(i => i.Attempts.Any(a => a.Death is not null)), "all were on the worker that died");
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);

        var survivors = await TaskFuture.WhenAll(innocents).WaitAsync(TestPool.Patience);
        var failure = await TestPool.FailureOf(poison);

        Assert.All(innocents.Zip(survivors), p => Assert.Equal(p.Second, p.First.Attempts[^1].Pid));
        Assert.Equal((TaskFailureKind.Quarantined, 3), (failure?.Kind, failure?.Failure.Deaths.Count(d => d.IsOfItsOwnMaking)));
        Assert.Equal(poison.Id, Assert.Single(pool.Quarantined).Id);
        here.Append(there).ToList().ForEach(File.Delete);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(15, Traits = ["Category", "Slow"])]
    public async Task Kills_from_outside_convict_nobody(int signal)
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Supervision = TestPool.Options().Supervision with { DrainTimeout = TimeSpan.FromMilliseconds(100) } });
        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        var future = pool.Submit<int>("meet_deaf", [here, there], Again);
        for (var deaths = 1; deaths <= 4; deaths++)
        {
            await TestPool.Until(() => File.Exists(here), "it runs");
            File.Delete(here);
            TestPool.Kill(future.Attempts[^1].Pid, signal);
            await TestPool.Until(() => future.Attempts.Count > deaths, "it is tried again");
        }

        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        var pid = await future.Task.WaitAsync(TestPool.Patience);
        Assert.Equal(pid, future.Attempts[^1].Pid);
        Assert.Equal(5, future.Attempts.Count);
        Assert.Empty(pool.Quarantined);
        File.Delete(here);
        File.Delete(there);
    }
}
