namespace WorkerHost.Tests;

/// <summary>Ten thousand cancellations at once: of what waits, of what is on its way, and of what runs.</summary>
public sealed class CancelStormTests
{
    [Fact]
    [Trait("Scenario", "36")]
    public async Task Ten_thousand_cancellations_leave_the_tasks_beside_them_and_the_processes_alone()
    {
        const int canceled = 10_000, kept = 500;
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2) with { Concurrency = 2 });
        var all = pool.Workers.Select(w => w.Pid).ToList();
        var there = TestPool.NewPath();
        var here = new[] { TestPool.NewPath(), TestPool.NewPath() };
        var running = here.Select(h => pool.Submit<int>("meet", [h, there])).ToList();
        await TestPool.Until(() => here.All(File.Exists), "one task runs in each worker");

        // A fifth of them is cancelled in the lane that it runs in, the rest wherever it is meanwhile: the queue, the wire, a worker's queue.
        var victims = new TaskFuture<int>[canceled];
        var outcomes = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() => StormAsync(thread))));
        var good = Enumerable.Range(0, kept).Select(i => pool.Submit<int>("increment", [i])).ToList();

        await TestPool.Until(() => Volatile.Read(ref outcomes) == canceled, "each has its outcome");
        Assert.DoesNotContain(victims, static f => f.State is not (TaskState.Cancelled or TaskState.Succeeded));
        Assert.DoesNotContain(victims, static f => f.Name == "sleep" && f.State != TaskState.Cancelled);
        Assert.Equal(Enumerable.Range(1, kept), await TaskFuture.WhenAll(good).WaitAsync(TestPool.Patience));
        await Task.WhenAll(victims.Select(f => f.Settled)).WaitAsync(TestPool.Patience);
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(pool.Workers.Where(w => !w.IsSpare).Select(w => w.Pid).Order(), (await TaskFuture.WhenAll(running).WaitAsync(TestPool.Patience)).Order());
        Assert.Equal(all, pool.Workers.Select(w => w.Pid));
        Assert.Equal(0, pool.UnsettledTasks);
        Assert.Equal(canceled, Volatile.Read(ref outcomes));
        here.Append(there).ToList().ForEach(File.Delete);

        async Task StormAsync(int thread)
        {
            for (var i = thread; i < canceled; i += 4)
            {
                victims[i] = i % 5 == 0 ? pool.Submit<int>("sleep", [600_000]) : pool.Submit<int>("increment", [i]);
                victims[i].AddDoneCallback(_ => Interlocked.Increment(ref outcomes));
                if (i % 100 == 0)
                {
                    await TestPool.Until(() => victims[i].State != TaskState.Pending, "it has left the queue");
                }

                victims[i].Cancel();
            }
        }
    }

    [Fact]
    [Trait("Scenario", "34")]
    [Trait("Category", "Slow")]
    public async Task The_kill_window_swallows_no_task_that_did_nothing_to_deserve_it()
    {
        // Deaf tasks that end just about when their process is told to leave for them, and some that have to be killed, beside others
        // that may run only once.
        const int graceMs = 20, deaf = 30;
        await using var pool = await TestPool.StartAsync(
            TestPool.Options(workers: 2) with { CancelGrace = TimeSpan.FromMilliseconds(graceMs), TerminateGrace = TimeSpan.FromMilliseconds(300) });
        var log = TestPool.NewPath();
        var submitted = 0;
        var load = Load.Start(8, () => pool.Submit<string>("record", [log, 0], new TaskOptions { Id = $"t{Interlocked.Increment(ref submitted)}", Attempts = 1 }));
        var random = new Random(34);
        for (var i = 0; i < deaf; i++)
        {
            var stubborn = pool.Submit("block", [i % 6 == 0 ? 600_000 : graceMs + random.Next(graceMs)]);
            await TestPool.Until(() => stubborn.State != TaskState.Pending, "it has left the queue");
            stubborn.Cancel();
            await stubborn.Settled.WaitAsync(TestPool.Patience);
        }

        var (failures, _) = await load.StopAsync();

        Assert.Empty(failures);
        Assert.True(pool.Supervisor!.Totals.Deaths.Values.Sum() >= deaf / 6);
        var begun = (await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken)).Where(static l => l.Contains(" begin ", StringComparison.Ordinal)).Select(static l => l.Split(' ')[0]).ToList();
        Assert.Equal(submitted, begun.Count);
        Assert.Equal(submitted, begun.Distinct().Count());
        File.Delete(log);
    }

    [Fact]
    [Trait("Scenario", "53")]
    public async Task A_task_whose_time_limit_passes_while_it_waits_is_never_begun()
    {
        await using var pool = await TestPool.StartAsync();
        var (here, there, touched) = (TestPool.NewPath(), TestPool.NewPath(), TestPool.NewPath());
        var busy = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here), "the only lane is busy");
        var late = Enumerable.Range(0, 100).Select(_ => pool.Submit("touch", [touched], new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(100) })).ToList();

        var failures = await Task.WhenAll(late.Select(TestPool.FailureOf));
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(pool.Workers[0].Pid, await busy.Task.WaitAsync(TestPool.Patience));
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));

        Assert.DoesNotContain(failures, static f => f is not { Kind: TaskFailureKind.DeadlineExceeded, Failure.NeverStarted: true });
        Assert.DoesNotContain(late, static f => f.Attempts.Count > 0);
        Assert.False(File.Exists(touched));
        Assert.Equal(0, pool.UnsettledTasks);
        File.Delete(here);
        File.Delete(there);
    }

    [Fact]
    [Trait("Scenario", "53")]
    public async Task The_time_limit_counts_all_attempts_together()
    {
        var options = TestPool.Options();
        await using var pool = await TestPool.StartAsync(options with { Retry = options.Retry with { MaxDelay = TimeSpan.FromSeconds(1) } });

        // Each attempt is far below the limit, and there are far more of them than fit into it.
        var future = pool.Submit("throw_retryable", ["again", 200], new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1.1), Attempts = 50 });
        var failure = await TestPool.FailureOf(future);

        Assert.InRange(future.Attempts.Count, 2, 6);
        Assert.True(failure is { Kind: TaskFailureKind.DeadlineExceeded }, $"{failure}");
    }
}
