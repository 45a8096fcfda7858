using System.Text;

namespace WorkerHost.Tests;

/// <summary>Workers are told to leave while tasks come, the pool stops, and others die.</summary>
public sealed class RecycleTests
{
    [Fact]
    [Trait("Scenario", "42")]
    [Trait("Category", "Slow")]
    public async Task Workers_told_to_leave_while_tasks_come_get_none_that_they_cannot_finish()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 3));
        var supervisor = pool.Supervisor!;
        var load = Load.Start(24, () => pool.Submit<int>("increment", [1], new TaskOptions { Attempts = 1 }));
        var random = new Random(42);

        for (var i = 0; i < 12; i++)
        {
            await load.AnotherAsync(random.Next(1, 200));
            var ready = supervisor.Workers.Where(w => w is { State: SlotState.Ready, IsSpare: false }).ToList();
            await supervisor.DrainAsync(ready[random.Next(ready.Count)].Id, TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        }

        var (failures, _) = await load.StopAsync();
        Assert.Empty(failures);
        Assert.Equal(12, supervisor.Totals.Recycles);
        Assert.Equal(0, pool.UnsettledTasks);
    }

    [Theory]
    [Trait("Scenario", "42")]
    [InlineData(1)]
    [InlineData(2, Traits = ["Category", "Slow"])]
    [InlineData(3, Traits = ["Category", "Slow"])]
    public async Task However_recycles_deaths_and_a_stop_race_every_task_ends_and_no_replacement_survives(int seed)
    {
        var options = TestPool.Options(workers: 3) with { Name = $"race-{seed}-{Environment.ProcessId}", DrainTimeout = TimeSpan.FromSeconds(5) };
        var pool = await TestPool.StartAsync(options);
        var supervisor = pool.Supervisor!;
        var load = Load.Start(24, () => pool.Submit<int>("block", [1], new TaskOptions { Idempotent = true, Attempts = 1000 }));
        await load.AnotherAsync(50);
        var random = new Random(seed);
        var restart = supervisor.RestartAsync(rolling: random.Next(2) == 0, CancellationToken.None);
        foreach (var worker in supervisor.Workers.Where(w => w.State == SlotState.Ready))
        {
            switch (random.Next(3))
            {
                case 0:
                    TestPool.Kill(worker.Pid);
                    break;
                case 1:
                    ((IWorkerBackChannel)supervisor).Recycle(worker.Id, "a race");
                    break;
                default:
                    ((IWorkerBackChannel)supervisor).Kill(worker.Id, "a race", TimeSpan.FromMilliseconds(random.Next(50)));
                    break;
            }
        }

        // Before the stop, or in the midst of the starts.
        await load.AnotherAsync(random.Next(2) * 20);
        await pool.DisposeAsync().AsTask().WaitAsync(TestPool.Patience);

        // Refused by the stopping pool; that is how the loops end.
        var (failures, _) = await load.StopAsync();
        Assert.All(failures, f => Assert.Equal(TaskFailureKind.Rejected, Assert.IsType<TaskException>(f).Kind));
        await Record.ExceptionAsync(() => restart.WaitAsync(TestPool.Patience));
        Assert.Empty(ProcessesOf(options.Name));
    }

    /// <summary>Whoever carries the pool's name as workers do.</summary>
    private static IReadOnlyList<int> ProcessesOf(string pool) =>
    [
        .. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(n => char.IsAsciiDigit(n![0])).Select(int.Parse!)
            .Where(pid => CommandLine(pid).Contains($"{LaunchMarker.Argument}\0{pool}\0", StringComparison.Ordinal)),
    ];

    private static string CommandLine(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
