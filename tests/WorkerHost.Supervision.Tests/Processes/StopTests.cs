namespace WorkerHost.Supervision.Tests.Processes;

public sealed class StopTests
{
    [Fact]
    [Trait("Scenario", "47")]
    public async Task A_stop_leaves_no_process_and_no_directory_and_may_race_with_anything()
    {
        var supervised = await Supervised.StartAsync(Supervised.Dummy("grandchild"), new SupervisorOptions { Workers = 2 });
        await supervised.Sets.Until(s => s.Ready.Length == 2);
        var pids = supervised.Supervisor.Workers.Select(w => w.Pid).ToArray();
        var stops = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            if (i % 2 == 0)
            {
                await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken);
            }
            else
            {
                await supervised.Supervisor.DisposeAsync();
            }
        }));
        await Task.WhenAll(stops).Soon();
        Assert.All(pids, pid => Assert.False(Facts.IsAlive(pid)));
        Assert.All(supervised.Supervisor.Workers, w => Assert.Equal((SlotState.Stopped, 0), (w.State, w.Pid)));
        await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        await supervised.DisposeAsync();
        foreach (var line in supervised.Log.Lines.Where(l => l.Text.Contains("stdout: grandchild", StringComparison.Ordinal)))
        {
            Facts.AssertGone(int.Parse(line.Text.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task A_worker_that_heeds_nothing_is_killed_after_drain_and_grace()
    {
        var options = new SupervisorOptions { Workers = 2, Spares = 0, DrainTimeout = TimeSpan.FromMilliseconds(50), TerminateGrace = TimeSpan.FromMilliseconds(50) };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("deaf"), options);
        await supervised.Sets.Until(s => s.Ready.Length == 2);
        await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        Assert.All(supervised.Supervisor.Workers, w => Assert.Equal((DeathCause.Stop, "SIGKILL"), (w.LastDeath!.Cause, w.LastDeath.Signal)));
        Assert.All(supervised.Supervisor.Workers, w => Assert.Equal("none: stopping", w.LastDeath!.Next));
    }

    [Fact]
    [Trait("Scenario", "25")]
    public async Task A_stop_while_a_slot_backs_off_wins_at_once()
    {
        var restart = new RestartOptions { Intensity = 0, MinBackoff = TimeSpan.FromHours(1), MaxBackoff = TimeSpan.FromHours(1) };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(), new SupervisorOptions { Workers = 1, Restart = restart });
        var first = await supervised.ReadyAsync();
        supervised.Signal(first.Pid, 9);
        await supervised.DeathAsync();
        await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(SlotState.Stopped, supervised.Supervisor.Workers[0].State);
        Assert.Equal(1, supervised.Supervisor.Workers[0].Id.Incarnation);
    }

    [Fact]
    [Trait("Scenario", "25")]
    public async Task One_crash_looping_slot_does_not_slow_the_others()
    {
        var restart = new RestartOptions { MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(5), Intensity = 1_000_000 };
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("dies-in-slot=0", "finish=1"), new SupervisorOptions { Workers = 2, Spares = 0, Restart = restart });
        var good = await supervised.ReadyAsync();
        Assert.Equal(1, good.Id.Slot);
        await supervised.Sets.Until(s => s.Deaths.Any(d => d.Report.Worker is { Slot: 0, Incarnation: >= 3 }));
        supervised.Signal(good.Pid, 9);
        var death = (await supervised.Sets.Until(s => s.Deaths.Any(d => d.Report.Worker.Slot == 1))).Deaths.Single(d => d.Report.Worker.Slot == 1);
        Assert.Equal("restart at once", death.Report.Next);
        Assert.Equal(2, (await supervised.ReadyAsync(w => w.Id.Incarnation == 2)).Id.Incarnation);
    }
}
