using System.Diagnostics;

namespace WorkerHost.Supervision.Tests.Processes;

/// <summary>Real processes that freeze.</summary>
public sealed class LivenessTests
{
    private const int SigStop = 19;
    private const int SigCont = 18;
    private const int SigUsr1 = 10;

    private static readonly LivenessOptions Short = QuickLiveness.Impatient;

    /// <summary>For those who live and are to be found out of another reason than silence.</summary>
    private static readonly LivenessOptions Unhurried = Short with { DeadAfter = TimeSpan.FromSeconds(5) };

    [Theory]
    [InlineData("beats", "no heartbeat and no finished task for")]
    [InlineData("usr1=exit:0", "no answer from its health service and no finished task for")]
    public async Task A_worker_stopped_by_a_signal_is_suspected_killed_and_replaced(string manner, string reason)
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(manner), Options());
        var events = new Watched(supervised.Supervisor);
        var worker = await supervised.ReadyAsync();
        supervised.Signal(worker.Pid, SigStop);
        Assert.Equal(worker.Id, (await events.Until<SupervisorEvent.Suspected>()).Id);
        var report = (await supervised.DeathAsync()).Report;
        Assert.Equal((DeathCause.Hang, "SIGKILL", worker.Id), (report.Cause, report.Signal, report.Worker));
        Assert.Contains(reason, report.Reason, StringComparison.Ordinal);
        Assert.Contains("Liveness.DeadAfter is 2 s", report.Reason, StringComparison.Ordinal);
        Assert.Contains("a signal has stopped the process", report.Reason, StringComparison.Ordinal);
        Assert.True(report.IsOfItsOwnMaking);
        await supervised.ReadyAsync(w => w.Pid != worker.Pid);
    }

    [Theory]
    [InlineData(WorkerTransport.UnixSocket)]
    [InlineData(WorkerTransport.LoopbackTcp, Traits = ["Category", "Slow"])]
    public async Task A_worker_that_closes_its_listening_socket_and_lives_on_is_suspected_killed_and_replaced(WorkerTransport transport)
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats", "usr1=close"), Options(Unhurried) with { Transport = transport });
        var events = new Watched(supervised.Supervisor);
        var worker = await supervised.ReadyAsync();
        supervised.Signal(worker.Pid, SigUsr1);
        Assert.Equal(worker.Id, (await events.Until<SupervisorEvent.Suspected>()).Id);
        var report = (await supervised.DeathAsync()).Report;
        Assert.Equal((DeathCause.Hang, "SIGKILL", worker.Id), (report.Cause, report.Signal, report.Worker));
        Assert.Contains($"its listening socket {worker.Address.OriginalString} has been closed for", report.Reason, StringComparison.Ordinal);
        await supervised.ReadyAsync(w => w.Pid != worker.Pid);
    }

    [Fact]
    public async Task A_stopped_worker_that_goes_on_in_time_recovers()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats"), Options(Short with { DeadAfter = TimeSpan.FromSeconds(30) }));
        var events = new Watched(supervised.Supervisor);
        var worker = await supervised.ReadyAsync();
        supervised.Signal(worker.Pid, SigStop);
        await events.Until<SupervisorEvent.Suspected>();
        Assert.True(Assert.Single(supervised.Supervisor.Workers).IsSuspect);
        supervised.Signal(worker.Pid, SigCont);
        await events.Until<SupervisorEvent.Recovered>();
        Assert.False(Assert.Single(supervised.Supervisor.Workers).IsSuspect);
        Assert.True(Facts.IsAlive(worker.Pid));
    }

    [Fact]
    public async Task A_worker_stopped_while_it_drains_is_found_long_before_the_drain_ends()
    {
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("beats"), Options() with { Spares = 1, DrainTimeout = TimeSpan.FromMinutes(10) });
        await supervised.Sets.Until(s => s.Spares.Length == 1);
        var worker = supervised.Supervisor.Workers.Single(w => !w.IsSpare);
        supervised.Signal(worker.Pid, SigStop);
        supervised.BackChannel.Recycle(worker.Id, "test");
        await supervised.Sets.Until(s => s.Draining.Contains(worker.Id));
        var report = (await supervised.DeathAsync()).Report;
        Assert.Equal((worker.Id, DeathCause.Hang), (report.Worker, report.Cause));
    }

    [Fact]
    public async Task A_worker_whose_health_service_falls_silent_is_found_when_it_has_nothing_to_do()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("usr1=mute", "no-watch"), Options());
        var worker = await supervised.ReadyAsync();
        supervised.BackChannel.ReportLoad(_ => new WorkerLoad(["t-1"], 0, TimeSpan.Zero));
        var events = new Watched(supervised.Supervisor);
        supervised.Signal(worker.Pid, SigUsr1);

        // It may have but one thread, and that runs the task.
        await events.Until<SupervisorEvent.Suspected>();
        await UntilSilentFor(supervised, Short.DeadAfter * 1.5);
        Assert.True(Facts.IsAlive(worker.Pid));
        supervised.BackChannel.ReportLoad(_ => WorkerLoad.None);
        Assert.Equal(DeathCause.Hang, (await supervised.DeathAsync()).Report.Cause);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_worker_without_a_ledger_is_heard_on_its_control_stream_alone()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("control", "usr1=silence"), Options(Unhurried));
        var worker = await supervised.ReadyAsync();
        while (Assert.Single(supervised.Supervisor.Workers) is not { TasksFinished: 3, RunningTasks: 1, SilentFor: not null, IsSuspect: false })
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        // Its health service goes on answering, and it says that it runs a task: neither excuses who said that he would beat.
        supervised.Signal(worker.Pid, SigUsr1);
        var report = (await supervised.DeathAsync()).Report;
        Assert.Equal(DeathCause.Hang, report.Cause);
        Assert.StartsWith("no heartbeat on its control stream", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_is_set_changes_nothing()
    {
        var clock = new JumpingClock();
        var options = Options(QuickLiveness.Patient) with { Workers = 2, Recycling = new RecycleOptions { MaxAge = TimeSpan.FromHours(1), MaxIdle = TimeSpan.FromHours(1) } };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats", "finish=1"), options, clock);
        await supervised.Sets.Until(static s => s.Ready.Length == 2 && s.Spares.Length == 1);
        var workers = supervised.Supervisor.Workers.Select(w => w.Id).ToArray();
        var looks = 20;
        for (var seen = clock.Ticks; looks > 0;)
        {
            if (clock.Ticks == seen)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
                continue;
            }

            seen = clock.Ticks;
            clock.Jump(TimeSpan.FromDays(looks % 2 == 0 ? 30 : -60));
            looks--;
        }

        Assert.Equal(workers, supervised.Supervisor.Workers.Select(w => w.Id));
        Assert.Equal(0, supervised.Supervisor.Totals.Deaths.Values.Sum());
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_host_that_stood_still_for_longer_than_silence_may_last_forgives_its_workers()
    {
        using var directory = new TemporaryDirectory();
        var dummy = Path.Combine(AppContext.BaseDirectory, "WorkerHost.Supervision.Dummy");
        using var host = Process.Start(new ProcessStartInfo(dummy, ["host", directory.Path, "2", "tell", "dead-after=5", "beats"]) { RedirectStandardOutput = true })!;
        try
        {
            var told = host.StandardOutput;
            var workers = (await told.ReadLineAsync(TestContext.Current.CancellationToken).Soon())!.Split(' ').Select(int.Parse).ToArray();
            Assert.Equal(0, Libc.kill(host.Id, SigStop));

            // Nothing can tell that time has passed for someone who stands still, but time.
            await Task.Delay(TimeSpan.FromSeconds(7), TestContext.Current.CancellationToken);
            Assert.Equal(0, Libc.kill(host.Id, SigCont));
            string? line;
            while ((line = await told.ReadLineAsync(TestContext.Current.CancellationToken).Soon())!.StartsWith("Stalled", StringComparison.Ordinal) is false)
            {
                Assert.DoesNotContain("Died", line, StringComparison.Ordinal);
            }

            // The next death is the one that is asked for.
            Assert.Equal(0, Libc.kill(workers[0], 9));
            while (!(line = await told.ReadLineAsync(TestContext.Current.CancellationToken).Soon())!.StartsWith("Died", StringComparison.Ordinal))
            {
            }

            Assert.Equal($"Died {workers[0]} Killed", line);
            Assert.True(Facts.IsAlive(workers[1]));
        }
        finally
        {
            host.Kill();
            await host.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_worker_with_a_tracer_attached_is_left_alone_visibly_until_it_is_detached()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/strace"), "strace");
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats"), Options() with { Workers = 2, Spares = 0 });
        var events = new Watched(supervised.Supervisor);
        var set = await supervised.Sets.Until(s => s.Ready.Length == 2);
        var (worker, other) = (set.Ready[0], set.Ready[1]);
        using var strace = Process.Start(new ProcessStartInfo("strace", $"-qq -o /dev/null -p {worker.Pid}"))!;
        try
        {
            Assert.Equal(worker.Id, (await events.Until<SupervisorEvent.DebuggerAttached>()).Id);
            supervised.Signal(worker.Pid, SigStop);
            supervised.Signal(other.Pid, SigStop);
            Assert.Equal(other.Id, (await supervised.DeathAsync()).Report.Worker);
            Assert.True(supervised.Supervisor.Workers.Single(w => w.Id == worker.Id).IsBeingDebugged);
            Assert.True(Facts.IsAlive(worker.Pid));
            await supervised.Log.Until(static l => l.Text.Contains("has a debugger attached", StringComparison.Ordinal));
        }
        finally
        {
            strace.Kill();
            await strace.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await events.Until<SupervisorEvent.DebuggerDetached>();
        var report = (await supervised.DeathAsync()).Report;
        Assert.Equal((worker.Id, DeathCause.Hang), (report.Worker, report.Cause));
    }

    [Fact]
    public async Task A_worker_that_says_it_is_debugged_by_its_runtime_is_left_alone()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats", "debugged-in-slot=0"), Options() with { Workers = 2, Spares = 0 });
        var set = await supervised.Sets.Until(s => s.Ready.Length == 2);
        Assert.Equal(0, (await new Watched(supervised.Supervisor).Until<SupervisorEvent.DebuggerAttached>()).Id.Slot);
        Assert.All(set.Ready, w => supervised.Signal(w.Pid, SigStop));
        Assert.Equal(1, (await supervised.DeathAsync()).Report.Worker.Slot);
        Assert.True(Facts.IsAlive(set.Ready.Single(w => w.Id.Slot == 0).Pid));
        supervised.Signal(set.Ready.Single(w => w.Id.Slot == 0).Pid, 9);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Switched_off_nobody_is_killed_for_silence()
    {
        var options = Options(Short with { Enabled = false }) with { Recycling = new RecycleOptions { MaxAge = TimeSpan.FromHours(1) } };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats"), options);
        var worker = await supervised.ReadyAsync();
        supervised.Signal(worker.Pid, SigStop);
        await UntilSilentFor(supervised, Short.DeadAfter * 2);
        Assert.True(Facts.IsAlive(worker.Pid));
        supervised.Signal(worker.Pid, 9);
    }

    [Fact]
    public async Task The_status_shows_the_load_of_a_worker()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats", "finish=5"), Options(QuickLiveness.Patient));
        await Eventually.IsTrue(() =>
            Assert.Single(supervised.Supervisor.Workers) is { ResidentBytes: > 1 << 20, TasksFinished: 5, SilentFor: not null, IsSuspect: false, IsBeingDebugged: false });
    }

    [Fact]
    [Trait("Scenario", "41")]
    public async Task A_worker_over_its_age_is_replaced_behind_a_ready_one()
    {
        var options = Options(QuickLiveness.Patient) with { Recycling = new RecycleOptions { MaxAge = TimeSpan.FromSeconds(1), Jitter = 0 } };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats"), options);
        var report = (await supervised.DeathAsync()).Report;
        Assert.Equal(DeathCause.Recycle, report.Cause);
        Assert.StartsWith("it has been ready for 1", report.Reason, StringComparison.Ordinal);
        Assert.Contains("Recycling.MaxAge is 1 s", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_has_been_idle_for_long_after_work_is_replaced_behind_a_ready_one()
    {
        var options = Options(QuickLiveness.Patient) with { Recycling = new RecycleOptions { MaxIdle = TimeSpan.FromSeconds(1), Jitter = 0 } };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats", "finish=5"), options);
        var worker = await supervised.ReadyAsync();
        var set = await supervised.Sets.Until(static s => s.Deaths.Length > 0);
        var report = Assert.Single(set.Deaths).Report;
        Assert.Equal((worker.Id, DeathCause.Recycle), (report.Worker, report.Cause));
        Assert.StartsWith("it has been idle for 1", report.Reason, StringComparison.Ordinal);
        Assert.Contains("Recycling.MaxIdle is 1 s", report.Reason, StringComparison.Ordinal);
        Assert.NotEqual(worker.Id, Assert.Single(set.Ready).Id);
    }

    [Fact]
    [Trait("Scenario", "41")]
    [Trait("Category", "Slow")]
    public async Task Sixteen_workers_of_the_same_lifetime_are_never_fewer_and_go_one_after_the_other()
    {
        var options = Options() with
        {
            Workers = 16,
            Recycling = new RecycleOptions { MaxAge = TimeSpan.FromSeconds(10), Jitter = 0.9 },
            Liveness = new LivenessOptions(),
        };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats"), options);
        await supervised.Sets.Until(s => s.Ready.Length == 16);
        var recycled = new HashSet<WorkerId>();
        await supervised.Sets.Until(s =>
        {
            Assert.Equal(16, s.Ready.Length);
            Assert.InRange(s.Ready.Length + s.Spares.Length + s.Draining.Length, 16, 16 + 1 + 1);
            Assert.All(s.Deaths, d => Assert.Equal(DeathCause.Recycle, d.Report.Cause));
            recycled.UnionWith(s.Deaths.Select(d => d.Report.Worker));
            return recycled.Count >= 16;
        });
    }

    private static SupervisorOptions Options(LivenessOptions? liveness = null) => new() { Workers = 1, Liveness = liveness ?? Short };

    private static Task UntilSilentFor(Supervised supervised, TimeSpan silence) =>
        Eventually.IsTrue(() => Assert.Single(supervised.Supervisor.Workers).SilentFor >= silence);
}
