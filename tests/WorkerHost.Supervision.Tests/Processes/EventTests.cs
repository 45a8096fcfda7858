using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Tests.Processes;

public sealed class EventTests
{
    [Fact]
    [Trait("Scenario", "55")]
    public async Task A_death_is_one_report_in_event_log_status_and_set_with_what_happens_next_and_when()
    {
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("usr1=abort"),
            new SupervisorOptions { Workers = 1, Restart = new RestartOptions { MinBackoff = TimeSpan.FromSeconds(1) } });
        supervised.BackChannel.ReportLoad(static _ => new WorkerLoad(["t-1", "t-2"], 7, TimeSpan.Zero));
        var events = new Watched(supervised.Supervisor);
        var worker = await supervised.ReadyAsync();
        supervised.Signal(worker.Pid, 10);
        var death = await supervised.DeathAsync();
        var died = await events.Until<SupervisorEvent.Died>();
        Assert.Same(death.Report, died.Report);
        Assert.Same(death.Report, (await supervised.Supervisor.WatchAsync(0).OfType<SupervisorEvent.Died>().FirstAsync()).Report);
        await supervised.Log.Until(l => l.Text == death.Report.ToString());
        var report = death.Report;
        Assert.Equal((worker.Id, worker.Pid, DeathCause.Crash, "SIGABRT"), (report.Worker, report.Pid, report.Cause, report.Signal));
        Assert.Equal(["t-1", "t-2"], report.RunningTasks);
        Assert.NotEmpty(report.LastOutput);
        Assert.True(report.PeakMemoryBytes > 1 << 20);
        Assert.InRange(report.Uptime, report.ReadyFor!.Value, TimeSpan.FromMinutes(1));
        Assert.Empty(report.BootSteps);
        Assert.InRange(report.NextTryIn!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(report.Time + report.NextTryIn, report.NextTryAt);
        Assert.StartsWith("restart in", report.Next, StringComparison.Ordinal);
        var waiting = await events.Until<SupervisorEvent.Waiting>();
        Assert.Equal(worker.Id, waiting.Id);
        Assert.Same(report, Assert.Single(supervised.Supervisor.Workers).LastDeath);
    }

    [Fact]
    public async Task A_logger_that_hangs_holds_up_neither_restarts_nor_the_stop()
    {
        using var directory = new TemporaryDirectory();
        using var hanging = new BlockingLogger();
        await using var supervisor = await Supervisor.StartAsync(
            Supervised.Dummy(), new SupervisorOptions { Workers = 1, Directory = directory.Path }, null, hanging, TestContext.Current.CancellationToken).Soon();
        var sets = ((IWorkerSource)supervisor).Subscribe();
        await hanging.Entered.Task.Soon();
        for (var incarnation = 1; incarnation <= 3; incarnation++)
        {
            var set = await sets.Until(s => s.Ready is [{ Id.Incarnation: var ready }] && ready == incarnation);
            Libc.kill(set.Ready[0].Pid, 9);
        }

        await supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Empty(hanging.Lines);
    }

    [Fact]
    public async Task The_life_of_a_supervisor_is_told_in_order_without_gaps_and_ends_with_its_stop()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("finish=1"), new SupervisorOptions { Workers = 2, Spares = 1 });
        var supervisor = supervised.Supervisor;
        var events = new Watched(supervisor);
        await events.Until<SupervisorEvent.Ready>(e => e.IsSpare);
        var victim = supervisor.Workers.First(w => w is { State: SlotState.Ready, IsSpare: false });
        var spare = supervisor.Workers.First(w => w.IsSpare);
        supervised.Signal(victim.Pid, 9);
        Assert.Equal(spare.Id, (await events.Until<SupervisorEvent.Promoted>()).Id);
        await supervisor.DrainAsync(spare.Id);
        Assert.Equal("it was told to drain", (await events.Until<SupervisorEvent.Draining>()).Reason);
        await supervisor.RestartAsync().Soon();
        await events.Until<SupervisorEvent.RestartFinished>(e => e.Generation == 2);
        await supervisor.ScaleAsync(1).Soon();
        var scaled = await events.Until<SupervisorEvent.Scaled>();
        Assert.Equal((2, 1), (scaled.From, scaled.To));
        await supervisor.StopAsync().Soon();
        var all = await supervisor.WatchAsync(0).ToListAsync();
        Assert.Equal(Enumerable.Range(1, all.Count).Select(i => (long)i), all.Select(e => e.Sequence));
        Assert.IsType<SupervisorEvent.Starting>(all[0]);
        Assert.IsType<SupervisorEvent.Stopped>(all[^1]);
        Assert.Single(all.OfType<SupervisorEvent.RestartStarted>());
        Assert.Single(all.OfType<SupervisorEvent.RestartFinished>());
        Assert.Equal([true, false], all.OfType<SupervisorEvent.ReadinessChanged>().Select(e => e.Readiness.IsReady));

        // A stop that was asked for is nothing to warn of.
        Assert.All(all.OfType<SupervisorEvent.ReadinessChanged>(), static e => Assert.Equal(LogLevel.Information, e.Level));

        // Each worker starts once, is ready at most once, and dies once.
        var lives = all.Where(e => e.Worker is not null).GroupBy(e => e.Worker!.Value).ToList();
        Assert.True(lives.Count >= 6);
        Assert.All(lives, life =>
        {
            Assert.IsType<SupervisorEvent.Started>(life.First());
            Assert.Single(life.OfType<SupervisorEvent.Started>());
            Assert.Single(life.OfType<SupervisorEvent.Died>());
            Assert.True(life.OfType<SupervisorEvent.Ready>().Count() <= 1);
        });
        Assert.Equal(lives.Count, supervisor.Totals.Starts);
        Assert.Equal(lives.Count, supervisor.Totals.Deaths.Values.Sum());
        Assert.Equal(1, supervisor.Totals.Deaths[DeathCause.Killed]);
        Assert.Equal(all.OfType<SupervisorEvent.Died>().Sum(d => d.Report.TasksFinished), supervisor.Totals.TasksFinished);
        Assert.True(supervisor.Totals.Recycles >= 3);

        // What is logged is what was told.
        Assert.Equal(all.Select(e => e.Text), supervised.Log.Lines.Where(l => l.Category == "WorkerHost.Supervisor").Select(l => l.Text));
    }

    [Fact]
    [Trait("Scenario", "44")]
    public async Task A_roll_that_is_given_up_is_told_with_the_death_that_stopped_it()
    {
        using var directory = new TemporaryDirectory();
        var broken = Path.Combine(directory.Path, "broken");
        var command = Supervised.Shell($"[ -e {broken} ] && exit 9; exec {Supervised.Dummy().FileName} serve");
        await using var supervised = await Supervised.StartAsync(command, new SupervisorOptions { Workers = 1, Spares = 0 });
        var events = new Watched(supervised.Supervisor);
        await File.WriteAllTextAsync(broken, "");
        var error = await Assert.ThrowsAsync<WorkerRestartException>(() => supervised.Supervisor.RestartAsync().Soon());
        var givenUp = await events.Until<SupervisorEvent.RestartGivenUp>();
        Assert.Same(error.Death, givenUp.Death);
        Assert.Contains("keep serving", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, givenUp.Serving);
        Assert.True(supervised.Supervisor.Readiness.IsReady);
    }

    [Fact]
    [Trait("Scenario", "44")]
    public async Task A_restart_of_all_at_once_that_cannot_boot_ends_and_says_that_nobody_serves_and_the_pool_recovers_by_itself()
    {
        using var directory = new TemporaryDirectory();
        var broken = Path.Combine(directory.Path, "broken");
        var command = Supervised.Shell($"[ -e {broken} ] && exit 9; exec {Supervised.Dummy().FileName} serve");
        var restart = new RestartOptions { Intensity = 100, MaxBackoff = TimeSpan.FromMilliseconds(200) };
        await using var supervised = await Supervised.StartAsync(command, new SupervisorOptions { Workers = 2, Spares = 0, Restart = restart });
        var events = new Watched(supervised.Supervisor);
        await File.WriteAllTextAsync(broken, "");
        var error = await Assert.ThrowsAsync<WorkerRestartException>(() => supervised.Supervisor.RestartAsync(rolling: false).Soon());
        var givenUp = await events.Until<SupervisorEvent.RestartGivenUp>();
        Assert.Equal((0, error.Death), (givenUp.Serving, givenUp.Death));
        Assert.Equal((DeathCause.BootFailure, 9), (error.Death.Cause, error.Death.ExitCode));
        Assert.Contains("No worker takes tasks until one can be started", error.Message, StringComparison.Ordinal);
        File.Delete(broken);
        await supervised.Sets.Until(s => s.Ready.Length == 2);
    }

    [Fact]
    [Trait("Scenario", "57")]
    public async Task A_supervisor_without_workers_lives_and_is_not_ready_and_says_why_until_it_recovers()
    {
        using var directory = new TemporaryDirectory();
        var broken = Path.Combine(directory.Path, "broken");
        var command = Supervised.Shell($"[ -e {broken} ] && exit 9; exec {Supervised.Dummy().FileName} serve");
        var restart = new RestartOptions { Intensity = 2, MinBackoff = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(200), StableAfter = TimeSpan.Zero };
        await using var supervised = await Supervised.StartAsync(command, new SupervisorOptions { Workers = 2, Spares = 0, ReadyAtLeast = 2, Restart = restart });
        var events = new Watched(supervised.Supervisor);
        Assert.True((await events.Until<SupervisorEvent.ReadinessChanged>()).Readiness.IsReady);
        await File.WriteAllTextAsync(broken, "");
        supervised.Signal(supervised.Supervisor.Workers[0].Pid, 9);
        var readiness = (await events.Until<SupervisorEvent.ReadinessChanged>()).Readiness;
        Assert.False(readiness.IsReady);
        Assert.Equal((1, 2), (readiness.Serving, readiness.Needed));
        Assert.StartsWith("1 of 2 workers take tasks, needed: 2 (SupervisorOptions.ReadyAtLeast); the last death: worker", readiness.Reason, StringComparison.Ordinal);
        await events.Until<SupervisorEvent.BreakerOpened>();
        Assert.False(supervised.Supervisor.Readiness.IsReady);
        Assert.Equal((1, 1), (supervised.Supervisor.Counts.Total, supervised.Supervisor.Readiness.Serving));
        File.Delete(broken);

        // Ready for StableAfter, which is at once here, is of use.
        await events.Until<SupervisorEvent.BreakerClosed>();
        Assert.True((await events.Until<SupervisorEvent.ReadinessChanged>()).Readiness.IsReady);
    }

    [Fact]
    public async Task A_logger_that_throws_costs_no_worker()
    {
        using var directory = new TemporaryDirectory();
        await using var supervisor = await Supervisor.StartAsync(
            Supervised.Dummy("usr1=abort"),
            new SupervisorOptions { Workers = 1, Directory = directory.Path },
            null,
            new RecordingLoggers { Throws = true },
            TestContext.Current.CancellationToken).Soon();
        Assert.Equal(SlotState.Ready, Assert.Single(supervisor.Workers).State);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_for_a_change_is_forgotten_and_the_change_goes_on()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(), new SupervisorOptions { Workers = 1, Spares = 0 });
        using var patience = new CancellationTokenSource();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => supervised.Supervisor.ScaleAsync(2, patience.Token));
        await supervised.Supervisor.ScaleAsync(2, TestContext.Current.CancellationToken).Soon();
        Assert.Equal(2, supervised.Supervisor.Counts.Total);
    }
}
