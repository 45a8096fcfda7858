using System.Collections.Concurrent;
using System.Diagnostics;

namespace WorkerHost.Tests;

/// <summary>Workers die in numbers; every task has its end, and the host is none the worse.</summary>
[Collection(nameof(Alone))]
public sealed class StormTests
{
    [Theory]
    [Trait("Scenario", "10")]
    [InlineData(1)]
    [InlineData(2, Traits = ["Category", "Slow"])]
    [InlineData(5, Traits = ["Category", "Slow"])]
    [InlineData(13)]
    public async Task Workers_that_kill_each_other_at_once_leave_no_future_without_an_end_and_the_signal_is_named(int workers)
    {
        await using var pool = await TestPool.StartAsync(WithoutSpares(workers));
        await TestPool.Until(() => pool.Workers.Count(w => w.State == SlotState.Ready) == workers);
        var pids = pool.Workers.Select(w => w.Pid).ToArray();
        var here = pids.Select(_ => TestPool.NewPath()).ToList();
        var there = TestPool.NewPath();
        var futures = here.Select(h => pool.Submit<object>("kill_all", [h, there, pids])).ToList();
        await TestPool.Until(() => here.TrueForAll(File.Exists), "every worker is about to kill");

        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        var failures = await Task.WhenAll(futures.Select(TestPool.FailureOf));

        Assert.All(failures, f =>
        {
            Assert.Equal(TaskFailureKind.WorkerLost, f?.Kind);
            Assert.Equal("SIGKILL", Assert.Single(f!.Failure.Deaths).Signal);
            Assert.Contains("SIGKILL", f.Message, StringComparison.Ordinal);
        });
        Assert.Equal(pids.Order(), failures.Select(f => f!.Failure.Deaths[0].Pid).Order());
        await TestPool.Until(() => pool.Workers.Count(w => w.State == SlotState.Ready) == workers, "every worker was replaced");
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        here.Append(there).ToList().ForEach(File.Delete);
    }

    [Fact]
    [Trait("Scenario", "37")]
    public Task While_workers_die_nothing_is_lost_duplicated_swapped_or_overlapping() => AStormOfAsync(tasks: 5_000, killEvery: 250);

    [Fact]
    [Trait("Scenario", "37")]
    [Trait("Category", "Slow")]
    public Task In_a_storm_of_100_000_tasks_nothing_is_lost_duplicated_swapped_or_overlapping() => AStormOfAsync(tasks: 100_000, killEvery: 1_000);

    [Fact]
    [Trait("Scenario", "19")]
    [Trait("Category", "Slow")]
    public Task After_fifty_kills_the_host_is_as_it_was() => TheHostIsAsItWas(warmUp: 20, kills: 50);

    [Fact]
    [Trait("Scenario", "19")]
    [Trait("Category", "Slow")]
    public Task After_a_thousand_kills_the_host_is_as_it_was() => TheHostIsAsItWas(warmUp: 100, kills: 1000);

    [Theory]
    [Trait("Scenario", "50")]
    [InlineData(4)]
    [Trait("Category", "Slow")]
    public async Task While_workers_die_no_task_waits_beside_an_idle_worker(int workers)
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers));
        var lengths = new Random(50);
        var load = Load.Start(4 * workers, () =>
        {
            int ms;
            lock (lengths)
            {
                ms = lengths.Next(10) == 0 ? 50 : lengths.Next(3);
            }

            return pool.Submit<int>("block", [ms], new TaskOptions { Idempotent = true, Attempts = 1000 });
        });

        // A lane that became free a moment ago is no violation: the outcome and the next task cross on the way.
        var idleSince = new Dictionary<WorkerId, long>();
        var longest = TimeSpan.Zero;
        var random = new Random(51);
        for (var kills = 0; kills < 20;)
        {
            var before = load.Finished;
            while (load.Finished < before + 50)
            {
                Look();
                await Task.Yield();
            }

            if (pool.Workers.Where(w => w.State == SlotState.Ready).ToList() is { Count: > 0 } ready)
            {
                TestPool.Kill(ready[random.Next(ready.Count)].Pid);
                kills++;
            }
        }

        var (failures, _) = await load.StopAsync();
        Assert.Empty(failures);
        Assert.True(longest < TimeSpan.FromSeconds(1), $"for {longest.TotalMilliseconds:0} ms a worker had nothing to do while a task waited");
        TestContext.Current.TestOutputHelper?.WriteLine($"{load.Finished} tasks; a free worker and a waiting task were seen together for {longest.TotalMilliseconds:0} ms at most");

        void Look()
        {
            var idle = pool.Workers.Where(w => w is { State: SlotState.Ready, IsSpare: false, RunningTasks: 0 }).Select(w => w.Id).ToHashSet();
            var waiting = pool.QueuedTasks > 0;
            foreach (var gone in idleSince.Keys.Where(w => !waiting || !idle.Contains(w)).ToList())
            {
                idleSince.Remove(gone);
            }

            foreach (var worker in waiting ? idle : [])
            {
                var since = idleSince.TryGetValue(worker, out var at) ? Stopwatch.GetElapsedTime(at) : TimeSpan.Zero;
                idleSince.TryAdd(worker, Stopwatch.GetTimestamp());
                longest = since > longest ? since : longest;
            }
        }
    }

    /// <summary>
    /// Every other task is idempotent. Attempts and the retry budget are lifted: what is asked is whether anything is lost or
    /// done twice, not when one gives up.
    /// </summary>
    private static async Task AStormOfAsync(int tasks, int killEvery)
    {
        var options = TestPool.Options(workers: 4);
        await using var pool = await TestPool.StartAsync(options with { Retry = options.Retry with { Budget = null } });
        var path = TestPool.NewPath();
        var ends = new int[tasks];
        var done = 0;
        var futures = new TaskFuture<string>[tasks];
        for (var i = 0; i < tasks; i++)
        {
            var mine = i;
            futures[i] = pool.Submit<string>("record", [path, 0], new TaskOptions { Id = $"t{i}", Idempotent = i % 2 == 0, Attempts = 1000 });
            futures[i].AddDoneCallback(_ =>
            {
                Interlocked.Increment(ref ends[mine]);
                Interlocked.Increment(ref done);
            });
        }

        var random = new Random(37);
        var killedAt = new Dictionary<int, long>();
        for (var next = killEvery; next < tasks; next += killEvery)
        {
            await TestPool.Until(() => Volatile.Read(ref done) >= next, $"{next} tasks have ended");
            await TestPool.Until(() => pool.Workers.Any(w => w.State == SlotState.Ready && !killedAt.ContainsKey(w.Pid)), "a worker is ready");
            var ready = pool.Workers.Where(w => w.State == SlotState.Ready && !killedAt.ContainsKey(w.Pid)).ToList();
            var victim = ready[random.Next(ready.Count)].Pid;
            killedAt.Add(victim, Stopwatch.GetTimestamp());
            TestPool.Kill(victim);
        }

        await TestPool.Until(() => Volatile.Read(ref done) == tasks, "every task has ended");
        var outcomes = futures.Select((f, i) => new StormOutcome($"t{i}", i % 2 == 0, Volatile.Read(ref ends[i]), f.Failure is null ? f.GetResult() : null, f.Failure)).ToList();
        var record = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        File.Delete(path);

        var lost = outcomes.Where(static o => o.Failure is not null).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{tasks} tasks, {killedAt.Count} kills, {lost.Count} not idempotent ones told as {TaskFailureKind.WorkerLost}, {record.Count(static l => l.Contains(" begin ", StringComparison.Ordinal)) - tasks} runs more than tasks");
        Assert.Empty(StormOracle.Judge(outcomes, record, killedAt));
        Assert.All(lost, static o => Assert.Equal((TaskFailureKind.WorkerLost, false), (o.Failure!.Kind, o.Idempotent)));
    }

    // The limits on restarts are lifted by TestPool.Options: here workers are killed as fast as they can be started.
    private static async Task TheHostIsAsItWas(int warmUp, int kills)
    {
        const int workers = 8;
        await using var pool = await TestPool.StartAsync(WithoutSpares(workers));
        var supervisor = pool.Supervisor!;
        var load = Load.Start(4 * workers, () => pool.Submit<int>("increment", [1], new TaskOptions { Idempotent = true, Attempts = 1000 }));
        var random = new Random(19);

        await KillAsync(pool, warmUp, random);
        await AllReadyAsync(pool, workers);
        await load.AnotherAsync(1000);
        var files = 1 + 4 * workers;
        await TestPool.Until(() => HostFootprint.FilesIn(supervisor.Directory) == files, "the mark of the directory, and two directories, a ledger and a socket of each worker");
        var before = HostFootprint.Now(supervisor.Directory);
        var deathsBefore = Deaths(supervisor);
        await KillAsync(pool, kills, random);
        await AllReadyAsync(pool, workers);
        await load.AnotherAsync(1000);
        await TestPool.Until(() => HostFootprint.FilesIn(supervisor.Directory) == files, "what dead workers had is deleted");
        var after = HostFootprint.Now(supervisor.Directory);
        var (failures, rate) = await load.StopAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"after {warmUp} kills:  {before}");
        TestContext.Current.TestOutputHelper?.WriteLine($"after {kills} more: {after}; {load.Finished} tasks, {rate:0} per second");
        Assert.Empty(failures);

        // Blocks of the allocator and threads of the runtime's pool come and go; a leak of one per kill is far above this.
        Assert.InRange(after.MemoryMegabytes, 0, before.MemoryMegabytes + 20 + kills * 0.01);
        Assert.InRange(after.HeapMegabytes, 0, before.HeapMegabytes + 3);
        Assert.InRange(after.Handles, 0, before.Handles + 10);
        Assert.InRange(after.Sockets, 0, before.Sockets + 2);
        Assert.InRange(after.Threads, 0, before.Threads + 10);
        Assert.InRange(after.Files, 0, before.Files);

        await TestPool.Until(() => supervisor.Counts is { Idle: workers, Total: workers }, "every gauge is right");
        Assert.Equal(kills, Deaths(supervisor) - deathsBefore);
        Assert.Equal(warmUp + kills + workers, supervisor.Totals.Starts);
        await LoadIsEven(pool, workers);
    }

    private static async Task LoadIsEven(WorkerPool pool, int workers)
    {
        const int each = 20;
        var pids = new ConcurrentDictionary<int, int>();
        var tasks = Enumerable.Range(0, workers * each).Select(_ => pool.Submit<int>("block_pid", [20])).ToList();
        foreach (var pid in await TaskFuture.WhenAll(tasks).WaitAsync(TestPool.Patience))
        {
            pids.AddOrUpdate(pid, 1, static (_, n) => n + 1);
        }

        Assert.Equal(pool.Workers.Select(w => w.Pid).Order(), pids.Keys.Order());
        Assert.All(pids.Values, n => Assert.InRange(n, each / 2, each * 2));
    }

    private static async Task KillAsync(WorkerPool pool, int kills, Random random)
    {
        var killed = new HashSet<WorkerId>();
        while (killed.Count < kills)
        {
            WorkerStatus? victim = null;
            await TestPool.Until(() =>
            {
                var ready = pool.Workers.Where(w => w.State == SlotState.Ready && !killed.Contains(w.Id)).ToList();
                victim = ready.Count > 0 ? ready[random.Next(ready.Count)] : null;
                return victim is not null;
            });
            TestPool.Kill(victim!.Pid);
            killed.Add(victim.Id);
        }
    }

    private static Task AllReadyAsync(WorkerPool pool, int workers) => TestPool.Until(
        () => pool.Workers is { } now && now.Count == workers && now.All(w => w.State == SlotState.Ready && TestPool.IsAlive(w.Pid)), "every worker is ready again");

    private static long Deaths(Supervisor supervisor) => supervisor.Totals.Deaths.Values.Sum();

    private static EmbeddedPoolOptions WithoutSpares(int workers)
    {
        var options = TestPool.Options(workers);
        return options with { Supervision = options.Supervision with { Spares = 0 } };
    }
}
