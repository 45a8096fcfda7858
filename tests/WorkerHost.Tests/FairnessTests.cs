namespace WorkerHost.Tests;

/// <summary>Who gets how much, and what waits behind whom.</summary>
[Trait("Scenario", "51")]
public sealed class FairnessTests
{
    [Fact]
    public async Task A_slow_worker_among_fast_ones_gets_less()
    {
        const int tasks = 400;
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 3));
        var slow = pool.Workers.First(w => !w.IsSpare).Pid;

        var futures = Enumerable.Range(0, tasks).Select(_ => pool.Submit<int>("slow_at", [slow, 100, 2])).ToList();
        var shares = (await TaskFuture.WhenAll(futures).WaitAsync(TestPool.Patience)).CountBy(static pid => pid).ToDictionary();

        // Each of the others is fifty times as fast.
        Assert.Equal(3, shares.Count);
        Assert.All(shares.Where(s => s.Key != slow), s => Assert.InRange(shares[slow], 1, s.Value / 4));
    }

    [Fact]
    public async Task Nothing_waits_behind_a_long_task_while_another_worker_has_nothing_to_do()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        for (var round = 0; round < 20; round++)
        {
            // Short ones are known to be short, so that they are sent ahead to where they would have to wait.
            var before = Enumerable.Range(0, 100).Select(i => pool.Submit<int>("increment", [i])).ToList();
            var @long = pool.Submit<int>("meet", [here, there]);
            var after = Enumerable.Range(0, 100).Select(i => pool.Submit<int>("increment", [i])).ToList();

            Assert.Equal(Enumerable.Range(1, 100), await TaskFuture.WhenAll(after).WaitAsync(TestPool.Patience));
            Assert.Equal(Enumerable.Range(1, 100), await TaskFuture.WhenAll(before).WaitAsync(TestPool.Patience));
            Assert.False(@long.IsDone);
            await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
            await @long.Task.WaitAsync(TestPool.Patience);
            File.Delete(here);
            File.Delete(there);
        }
    }

    [Fact]
    public async Task Nothing_waits_for_ever_behind_a_task_that_takes_longer_than_others_of_its_name()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var (here, missing) = (TestPool.NewPath(), TestPool.NewPath());
        await File.WriteAllTextAsync(here, "", TestContext.Current.CancellationToken);
        await Task.WhenAll(Short()).WaitAsync(TestPool.Patience);

        // Known to be short, so that more are sent to its worker, where they would have to wait for it.
        var longer = pool.Submit("wait_for_file", [missing]);
        await Task.WhenAll(Short()).WaitAsync(TestPool.Patience);

        Assert.False(longer.IsDone);
        await File.WriteAllTextAsync(missing, "", TestContext.Current.CancellationToken);
        await longer.Completion.WaitAsync(TestPool.Patience);
        Assert.All(pool.Workers, static w => Assert.Equal(1, w.Id.Incarnation));

        List<Task> Short() => [.. Enumerable.Range(0, 200).Select(_ => pool.Submit("wait_for_file", [here]).Completion)];
    }

    [Fact]
    public async Task Unordered_results_do_not_wait_for_an_older_one()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var (here, missing) = (TestPool.NewPath(), TestPool.NewPath());
        await File.WriteAllTextAsync(here, "", TestContext.Current.CancellationToken);
        var came = 0;
        using var patience = new CancellationTokenSource(TestPool.Patience);
        await foreach (var _ in pool.Map<string, object?>("wait_for_file", [missing, .. Enumerable.Repeat(here, 99)], ordered: false, cancellationToken: patience.Token))
        {
            if (++came == 99)
            {
                await File.WriteAllTextAsync(missing, "", TestContext.Current.CancellationToken);
            }
        }

        Assert.Equal(100, came);
    }

    [Fact]
    [Trait("Scenario", "35")]
    public async Task A_result_that_comes_too_late_is_dropped_and_counted_and_given_to_nobody_else()
    {
        const int rounds = 200;
        await using var pool = await TestPool.StartAsync();
        for (var i = 0; i < rounds; i++)
        {
            var late = pool.Submit<string>("cancel_to_value", [600_000]);
            await TestPool.Until(() => late.State == TaskState.Running);
            var next = pool.Submit<string>("upper", [$"mine {i}"]);
            Assert.True(late.Cancel());

            Assert.Equal($"MINE {i}", await next.Task.WaitAsync(TestPool.Patience));
            await late.Settled.WaitAsync(TestPool.Patience);
            Assert.Equal(TaskState.Cancelled, late.State);
        }

        // One that was cancelled on its way had not begun, and has no result; how many those are is up to the machine.
        Assert.InRange(pool.LateOutcomes, 1, rounds);
        Assert.Equal(1, pool.Workers[0].Id.Incarnation);
    }
}
