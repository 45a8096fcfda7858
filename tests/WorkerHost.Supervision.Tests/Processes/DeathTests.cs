namespace WorkerHost.Supervision.Tests.Processes;

public sealed class DeathTests
{
    [Theory]
    [InlineData("exit 42", 42, null)]
    [InlineData("exit 137", 137, null)]
    [InlineData("kill -KILL $$", null, "SIGKILL")]
    [InlineData("kill -SEGV $$", null, "SIGSEGV")]
    [InlineData("kill -ABRT $$", null, "SIGABRT")]
    [InlineData("kill -BUS $$", null, "SIGBUS")]
    [InlineData("kill -ILL $$", null, "SIGILL")]
    [InlineData("kill -FPE $$", null, "SIGFPE")]
    [InlineData("kill -SYS $$", null, "SIGSYS")]
    [InlineData("kill -TRAP $$", null, "SIGTRAP")]
    [InlineData("kill -TERM $$", null, "SIGTERM")]
    [InlineData("kill -PIPE $$", null, "SIGPIPE")]
    [Trait("Scenario", "55")]
    public async Task An_end_before_ready_is_a_boot_failure_that_tells_code_and_signal_apart(string script, int? code, string? signal)
    {
        var error = await Supervised.FailToStartAsync(Supervised.Shell("echo last words >&2; " + script));
        var death = Assert.Single(error.Deaths);
        Assert.Equal(DeathCause.BootFailure, death.Cause);
        Assert.Equal(code, death.ExitCode);
        Assert.Equal(signal, death.Signal);
        Assert.Equal(["last words"], death.LastOutput);
        Assert.Contains(death.Exit, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usr1=exit:0", DeathCause.Exit, 0, null)]
    [InlineData("usr1=exit:42", DeathCause.Crash, 42, null)]
    [InlineData("usr1=exit:75", DeathCause.Recycle, 75, null)]
    [InlineData("usr1=abort", DeathCause.Crash, null, "SIGABRT")]
    [Trait("Scenario", "8")]
    [Trait("Scenario", "27")]
    public async Task A_ready_worker_that_ends_by_itself_is_dead_and_replaced(string manner, DeathCause cause, int? code, string? signal)
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(manner, "finish=3"));
        var first = await supervised.ReadyAsync();
        supervised.Signal(first.Pid, 10);
        var (report, evidence) = await supervised.DeathAsync();
        Assert.Equal(cause, report.Cause);
        Assert.Equal(code, report.ExitCode);
        Assert.Equal(signal, report.Signal);
        Assert.Equal(first.Id, report.Worker);
        Assert.Equal(first.Pid, report.Pid);
        Assert.Equal(3, report.TasksFinished);
        Assert.Equal("restart at once", report.Next);
        Assert.True(evidence.HasLedger);
        var second = await supervised.ReadyAsync();
        Assert.Equal(2, second.Id.Incarnation);
        Assert.NotEqual(first.Pid, second.Pid);
        Assert.NotEqual(first.Address, second.Address);
    }

    /// <summary>Whoever opened a pipe without a writer would wait, and so would everybody who waits for the thread that sees the ends of all workers.</summary>
    [Theory]
    [InlineData("block-ledger")]
    [InlineData("hold-ledger")]
    [Trait("Scenario", "9")]
    public async Task A_worker_that_puts_a_pipe_in_the_place_of_its_ledger_is_reported_and_replaced(string manner)
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy($"usr1={manner}", "finish=3"));
        var first = await supervised.ReadyAsync();
        supervised.Signal(first.Pid, 10);
        var (report, evidence) = await supervised.DeathAsync();
        Assert.Equal(1, report.ExitCode);
        Assert.Equal(3, report.TasksFinished);
        Assert.True(evidence.HasLedger);
        Assert.Equal(2, (await supervised.ReadyAsync()).Id.Incarnation);
    }

    [Theory]
    [InlineData(9, DeathCause.Killed, "SIGKILL")]
    [InlineData(31, DeathCause.Crash, "SIGSYS")]
    [Trait("Scenario", "9")]
    public async Task A_signal_from_outside_kills_a_worker_and_it_is_replaced(int signal, DeathCause cause, string name)
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy());
        var first = await supervised.ReadyAsync();
        supervised.Signal(first.Pid, signal);
        var (report, _) = await supervised.DeathAsync();
        Assert.Equal((cause, name), (report.Cause, report.Signal));
        Assert.StartsWith("restart in", report.Next, StringComparison.Ordinal);
        Assert.Equal(2, (await supervised.ReadyAsync()).Id.Incarnation);
        await supervised.Log.Until(l => l.Text == report.ToString());
    }

    [Fact]
    [Trait("Scenario", "23")]
    public async Task A_pool_that_can_use_no_worker_hears_that_waiting_is_of_no_use()
    {
        var restart = new RestartOptions { Intensity = 2, MinBackoff = TimeSpan.FromMilliseconds(1), StableAfter = TimeSpan.Zero };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("finish=0"), new SupervisorOptions { Workers = 1, Restart = restart });
        for (var incarnation = 1; incarnation <= 3; incarnation++)
        {
            var worker = await supervised.ReadyAsync(w => w.Id.Incarnation == incarnation);
            supervised.BackChannel.Reject(worker.Id, "no session can be opened with it");
        }

        var set = await supervised.Sets.Until(s => s.Outlook.Hopeless);
        Assert.Equal(DeathCause.BootFailure, set.Outlook.LastDeath!.Cause);
        Assert.Contains("no session can be opened with it", set.Outlook.LastDeath.Reason, StringComparison.Ordinal);
        Assert.Equal(SlotState.CrashLooping, Assert.Single(supervised.Supervisor.Workers).State);
    }

    [Fact]
    public async Task What_a_worker_has_started_dies_with_it()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("grandchild"));
        var first = await supervised.ReadyAsync();
        var line = await supervised.Log.Output("grandchild");
        var grandchild = int.Parse(line.Text.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Facts.IsAlive(grandchild));
        supervised.Signal(first.Pid, 9);
        await supervised.DeathAsync();
        Facts.AssertGone(grandchild);
    }

    [Fact]
    [Trait("Scenario", "15")]
    public async Task A_kill_is_fenced_by_incarnation_and_reported_as_ordered()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("deaf"), new SupervisorOptions { Workers = 1, DrainTimeout = TimeSpan.Zero, TerminateGrace = TimeSpan.Zero });
        supervised.BackChannel.ReportLoad(id => new WorkerLoad([$"task of {id}"], 7, TimeSpan.Zero));
        var first = await supervised.ReadyAsync();
        supervised.BackChannel.Kill(first.Id with { Incarnation = 9 }, "not there yet", TimeSpan.Zero);
        supervised.BackChannel.Kill(first.Id with { Slot = 9 }, "no such slot", TimeSpan.Zero);
        supervised.BackChannel.Kill(first.Id with { Pool = "other" }, "no such pool", TimeSpan.Zero);
        supervised.BackChannel.Kill(first.Id, "task 5 did not heed its cancellation", TimeSpan.FromMilliseconds(100));
        var (report, _) = await supervised.DeathAsync();
        Assert.Equal(DeathCause.Ordered, report.Cause);
        Assert.Equal("SIGKILL", report.Signal);
        Assert.Equal("task 5 did not heed its cancellation", report.Reason);
        Assert.Equal(["task of default/0#1"], report.RunningTasks);
        var second = await supervised.ReadyAsync();
        supervised.BackChannel.Kill(first.Id, "too late", TimeSpan.Zero);
        Assert.NotEqual(first.Id, second.Id);
        await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(DeathCause.Stop, (await supervised.DeathAsync()).Report.Cause);
    }

    [Fact]
    [Trait("Scenario", "32")]
    public async Task A_stopped_process_is_killed_all_the_same()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy());
        var first = await supervised.ReadyAsync();
        supervised.Signal(first.Pid, 19);
        supervised.BackChannel.Kill(first.Id, "frozen", TimeSpan.FromMilliseconds(50));
        Assert.Equal(DeathCause.Ordered, (await supervised.DeathAsync()).Report.Cause);
    }

    [Fact]
    public async Task A_recycled_worker_drains_first_and_is_not_a_crash()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy());
        var first = await supervised.ReadyAsync();
        supervised.BackChannel.Recycle(first.Id, "too old");
        var set = await supervised.Sets.Until(s => s.Draining.SequenceEqual([first.Id]));
        Assert.NotEqual(first.Id, Assert.Single(set.Ready).Id);
        var (report, _) = await supervised.DeathAsync();
        Assert.Equal(
            (DeathCause.Recycle, 0, "too old", "none: there are enough without it"),
            (report.Cause, report.ExitCode, report.Reason, report.Next));
    }

    [Fact]
    public async Task Every_subscriber_sees_every_set_in_order_and_each_death_once()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("finish=1"), new SupervisorOptions { Workers = 2, Spares = 0 });
        var other = ((IWorkerSource)supervised.Supervisor).Subscribe();
        await supervised.Sets.Until(s => s.Ready.Length == 2);
        foreach (var status in supervised.Supervisor.Workers)
        {
            supervised.Signal(status.Pid, 9);
        }

        await supervised.Sets.Until(s => s.Ready.Length == 2 && s.Ready.All(w => w.Id.Incarnation == 2));
        await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        var seen = new List<WorkerSet>();
        await foreach (var set in other.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            seen.Add(set);
        }

        Assert.Equal(Enumerable.Range(0, seen.Count).Select(i => seen[0].Version + i), seen.Select(s => s.Version));
        var deaths = seen.SelectMany(s => s.Deaths).Select(d => d.Report.Worker).ToArray();
        Assert.Equal(4, deaths.Length);
        Assert.Equal(4, deaths.Distinct().Count());
        Assert.Empty(seen[^1].Ready);
    }

    [Fact]
    [Trait("Scenario", "22")]
    public async Task A_worker_that_dies_again_and_again_without_use_is_shown_as_crash_looping_and_recovers_when_the_cause_is_gone()
    {
        using var directory = new TemporaryDirectory();
        var cause = directory.File("cause", "");
        var dummy = Supervised.Dummy();
        var script = $"[ -e {cause}.on ] && exit 9; exec {dummy.FileName} serve";
        var options = new SupervisorOptions
        {
            Workers = 1,
            Restart = new RestartOptions { Intensity = 2, MinBackoff = TimeSpan.FromMilliseconds(10), MaxBackoff = TimeSpan.FromMilliseconds(400) },
        };
        await using var supervised = await Supervised.StartAsync(WorkerCommand.Create("sh", "-c", script), options);
        var first = await supervised.ReadyAsync();
        File.WriteAllText(cause + ".on", "");
        supervised.Signal(first.Pid, 9);
        var hopeless = await supervised.Sets.Until(s => s.Outlook.Hopeless);
        Assert.StartsWith("breaker open: next try in", hopeless.Outlook.LastDeath!.Next, StringComparison.Ordinal);
        Assert.NotNull(hopeless.Outlook.NextTry);
        Assert.Equal(9, hopeless.Outlook.LastDeath.ExitCode);
        File.Delete(cause + ".on");
        var set = await supervised.Sets.Until(s => s.Ready.Length == 1);
        Assert.False(set.Outlook.Hopeless);
    }
}
