using System.Diagnostics;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>kill -9 of a host that is at work, and another start at the same place.</summary>
public sealed class KilledWhileServingTests
{
    private const int Tasks = 400;

    private static readonly Dictionary<string, object> Pools = new() { ["images"] = RunningHost.Pool(2) };

    [Fact]
    [Trait("Scenario", "45")]
    public async Task Its_workers_are_gone_within_a_second_the_next_start_finds_nothing_in_its_way_and_no_task_has_two_outcomes()
    {
        await using var first = await RunningHost.StartAsync(Pools);
        await using var pool = await first.ConnectAsync(options: new WorkerPoolOptions { Name = "client", Attempts = 5 });
        var log = Path.Combine(first.Directory, "log");
        var outcomes = new int[Tasks];
        var tasks = Enumerable.Range(0, Tasks).Select(i => pool.Submit<string>("record", [log, 1], new TaskOptions { Idempotent = i % 2 == 0 })).ToList();
        for (var i = 0; i < Tasks; i++)
        {
            var number = i;
            tasks[i].AddDoneCallback(_ => Interlocked.Increment(ref outcomes[number]));
        }

        await Eventually.IsTrue(() => tasks.Count(static t => t.IsDone) >= Tasks / 5, "work gets done");
        var workers = (await first.WorkersAsync()).Select(static w => w.Pid).ToList();
        await first.SignalAsync("KILL");
        var since = Stopwatch.GetTimestamp();
        await Eventually.IsTrue(() => !workers.Any(RunningHost.IsAlive), "the workers are gone");
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await first.ExitAsync();
        Assert.True(File.Exists(first.Data["unix://".Length..]), "it was killed and could not tidy up");

        await using var second = await RunningHost.StartAsync(Pools, first.Directory);
        Assert.Equal((first.Data, false), (second.Data, first.Instance == second.Instance));
        await Eventually.IsTrue(() => outcomes.Sum() >= Tasks, "every task has its outcome");
        var begun = File.ReadLines(log).Select(static l => l.Split(' ')).Where(static l => l[3] == "begin").CountBy(static l => l[0]).ToDictionary();
        for (var i = 0; i < Tasks; i++)
        {
            Assert.Equal(1, outcomes[i]);
            var runs = begun.GetValueOrDefault(tasks[i].Id);
            Assert.InRange(runs, tasks[i].State == TaskState.Succeeded ? 1 : 0, i % 2 == 0 ? 2 : 1);
            if (tasks[i].State != TaskState.Succeeded)
            {
                Assert.True(i % 2 == 1, $"task {i} is idempotent and failed: {tasks[i].Completion.Exception}");
                Assert.Equal(TaskFailureKind.WorkerLost, tasks[i].Failure!.Kind);
            }
        }

        Assert.Equal(0, pool.LateOutcomes);
        await second.SignalAsync("TERM");
        Assert.Equal(0, await second.ExitAsync());

        Assert.Empty(Directory.EnumerateFileSystemEntries(second.Temporary));
    }
}
