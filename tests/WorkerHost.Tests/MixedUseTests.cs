namespace WorkerHost.Tests;

/// <summary>Many threads use one pool in every way at once while it breaks and heals.</summary>
public sealed class MixedUseTests
{
    private const int Threads = 10, Rounds = 40, Kills = 15;

    private static readonly TaskOptions Again = new() { Idempotent = true, Attempts = 1000 };

    [Fact]
    [Trait("Scenario", "54")]
    public async Task Ten_threads_that_submit_map_and_cancel_each_get_what_is_theirs_while_workers_die()
    {
        var options = TestPool.Options(workers: 3);
        await using var pool = await TestPool.StartAsync(options with { Concurrency = 2, Retry = options.Retry with { Budget = null } });
        var users = Enumerable.Range(0, Threads).Select(thread => Task.Run(() => UseAsync(pool, thread))).ToList();
        var all = Task.WhenAll(users);
        var random = new Random(54);
        var killed = new HashSet<WorkerId>();
        while (killed.Count < Kills)
        {
            Assert.False(all.IsFaulted, $"{all.Exception}");
            if (pool.Workers.Where(w => w.State == SlotState.Ready && !killed.Contains(w.Id)).ToList() is { Count: > 0 } ready)
            {
                var victim = ready[random.Next(ready.Count)];
                killed.Add(victim.Id);
                TestPool.Kill(victim.Pid);
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        var told = (await all.WaitAsync(TestPool.Patience)).SelectMany(static kinds => kinds).CountBy(static kind => kind).ToDictionary();

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", told.Select(static k => $"{k.Key}: {k.Value}")));
        await TestPool.Until(() => pool.UnsettledTasks == 0, "everything has ended");
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    /// <summary>How its tasks ended; values are looked at where there are any.</summary>
    private static async Task<List<string>> UseAsync(WorkerPool pool, int thread)
    {
        var ends = new List<string>();
        var random = new Random(thread);
        for (var round = 0; round < Rounds; round++)
        {
            var number = thread * 1000 + round;
            switch (random.Next(4))
            {
                case 0:
                    Assert.Equal(number + 1, await pool.Submit<int>("increment", [number], Again).Task.WaitAsync(TestPool.Patience));
                    ends.Add("tried until it succeeded");
                    break;
                case 1:
                    var once = await TestPool.FailureOf(pool.Submit<int>("add", [number, 1]));
                    Assert.True(once is null or { Kind: TaskFailureKind.WorkerLost }, $"{once}");
                    ends.Add(once is null ? "succeeded at once" : "lost with its worker");
                    break;
                case 2:
                    var items = new List<int>();
                    await foreach (var item in pool.Map<int, int>("increment", Enumerable.Range(number, 20), Again))
                    {
                        items.Add(item);
                    }

                    Assert.Equal(Enumerable.Range(number + 1, 20), items);
                    ends.Add("mapped");
                    break;
                default:
                    var unwanted = pool.Submit<int>("sleep", [600_000], Again);
                    if (random.Next(2) == 0)
                    {
                        await TestPool.Until(() => unwanted.State == TaskState.Running);
                    }

                    Assert.True(unwanted.Cancel());
                    await unwanted.Settled.WaitAsync(TestPool.Patience);
                    Assert.Equal(TaskState.Cancelled, unwanted.State);
                    ends.Add("cancelled");
                    break;
            }
        }

        return ends;
    }
}
