using System.Diagnostics;
using System.Globalization;

namespace WorkerHost.Supervision.Tests.Processes;

/// <summary>How the dead are replaced, with real processes.</summary>
public sealed class RestartTests
{
    private static readonly RestartOptions Quick = new() { Intensity = 2, MinBackoff = TimeSpan.FromMilliseconds(10), MaxBackoff = TimeSpan.FromMilliseconds(400) };

    [Fact]
    [Trait("Scenario", "22")]
    [Trait("Category", "Slow")]
    public async Task A_worker_that_dies_50_ms_after_ready_for_two_minutes_stays_on_the_curve_and_recovers_by_itself()
    {
        var curve = new RestartOptions();
        var twoMinutes = TimeSpan.FromMinutes(2);
        using var directory = new TemporaryDirectory();
        var cause = directory.File("cause", "");
        using var host = Process.GetCurrentProcess();
        var cpu = host.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy($"dies-while={cause}"));
        var deaths = new List<DeathReport>();
        using var end = new CancellationTokenSource(twoMinutes);
        try
        {
            while (true)
            {
                var set = await supervised.Sets.ReadAsync(end.Token);
                deaths.AddRange(set.Deaths.Select(d => d.Report));
                if (set.Outlook.Hopeless && supervised.Supervisor.Workers is [{ State: SlotState.CrashLooping } looping])
                {
                    Assert.NotNull(looping.NextTryAt);
                    Assert.InRange(looping.NextTryAt.Value - looping.LastDeath!.Time, TimeSpan.Zero, curve.MaxBackoff + TimeSpan.FromSeconds(1));
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }

        // The first, one after each of the deaths that the breaker lets pass, and then probes at least half of MaxBackoff apart.
        var most = 1 + curve.Intensity + (int)(twoMinutes / (curve.MaxBackoff / 2));
        var spawns = supervised.Supervisor.Workers[0].Id.Incarnation;
        host.Refresh();
        cpu = host.TotalProcessorTime - cpu;
        await supervised.Log.Until(l => l.Text == deaths[^1].ToString());
        var lines = supervised.Log.Lines.Where(l => l.Category == "WorkerHost.Supervisor").Select(l => l.Text).ToArray();
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"after {clock.Elapsed.TotalSeconds:0} s: {spawns} spawns (at most {most}), {deaths.Count} deaths, host CPU {cpu.TotalSeconds:0.00} s, {lines.Length} log lines"));
        Assert.InRange(spawns, 1 + curve.Intensity, most);
        Assert.All(deaths, d => Assert.Equal(1, lines.Count(text => text == d.ToString())));
        Assert.Single(lines, text => text.Contains("is crash-looping", StringComparison.Ordinal));

        File.Delete(cause);
        var fixedAt = Stopwatch.StartNew();
        var healthy = await supervised.Sets.Until(s => s.Ready is [{ Pid: var pid }] && s.Deaths.IsEmpty && Facts.IsAlive(pid));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cause removed: ready {fixedAt.Elapsed.TotalSeconds:0.0} s later (at most MaxBackoff, {curve.MaxBackoff.TotalSeconds:0} s, and a boot)"));
        Assert.True(fixedAt.Elapsed < curve.MaxBackoff + Facts.Hang / 2, $"took {fixedAt.Elapsed}");
        Assert.False(healthy.Outlook.Hopeless);
    }

    [Fact]
    [Trait("Scenario", "24")]
    public async Task The_replacement_is_ready_while_the_old_worker_cannot_die_and_its_grandchild_holds_its_pipes()
    {
        var dummy = Supervised.Dummy();
        await using var supervised = await Supervised.StartAsync(
            Supervised.Shell($"setsid sleep 1000 & echo escaped $!; exec {dummy.FileName} serve"),
            new SupervisorOptions { Workers = 1, Spares = 0, Isolation = new IsolationOptions { ContainDescendants = false } });
        var first = await supervised.ReadyAsync();
        var line = await supervised.Log.Output("escaped");
        var escaped = int.Parse(line.Text.Split(' ')[^1], CultureInfo.InvariantCulture);
        supervised.Signal(first.Pid, 19);
        supervised.BackChannel.Kill(first.Id, "frozen", Facts.Hang * 2);
        var second = await supervised.ReadyAsync(w => w.Id != first.Id);
        Assert.True(Facts.IsAlive(first.Pid));
        supervised.BackChannel.Kill(first.Id, "frozen", TimeSpan.Zero);
        Assert.Equal((DeathCause.Ordered, first.Id), ((await supervised.DeathAsync()).Report.Cause, first.Id));
        Assert.True(Facts.IsAlive(escaped));
        Assert.True(Facts.IsAlive(second.Pid));
        supervised.Signal(escaped, 9);

        // The second has started one as well.
        line = await supervised.Log.Output("escaped");
        supervised.Signal(int.Parse(line.Text.Split(' ')[^1], CultureInfo.InvariantCulture), 9);
    }

    [Fact]
    [Trait("Scenario", "26")]
    public async Task Exactly_intensity_deaths_are_followed_by_a_pause_and_one_more_by_probing_failed_starts_included()
    {
        using var directory = new TemporaryDirectory();
        var broken = Path.Combine(directory.Path, "broken");
        await using var supervised = await Supervised.StartAsync(
            Supervised.Shell($"[ -e {broken} ] && exit 9; exec {Supervised.Dummy().FileName} serve"), new SupervisorOptions { Workers = 1, Restart = Quick });
        var first = await supervised.ReadyAsync();
        File.WriteAllText(broken, "");
        supervised.Signal(first.Pid, 9);
        var deaths = new List<DeathReport>();
        await supervised.Sets.Until(s =>
        {
            deaths.AddRange(s.Deaths.Select(d => d.Report));
            return s.Outlook.Hopeless;
        });
        Assert.Equal([DeathCause.Killed, DeathCause.BootFailure, DeathCause.BootFailure], deaths.Select(d => d.Cause));
        Assert.All(deaths[..2], d => Assert.StartsWith("restart in", d.Next, StringComparison.Ordinal));
        Assert.StartsWith("breaker open: next try in", deaths[2].Next, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "22")]
    public async Task A_breaker_is_seen_to_close_when_its_worker_has_been_healthy_for_long_enough_though_nobody_looks()
    {
        using var directory = new TemporaryDirectory();
        var broken = Path.Combine(directory.Path, "broken");
        await using var supervised = await Supervised.StartAsync(
            Supervised.Shell($"[ -e {broken} ] && exit 9; exec {Supervised.Dummy().FileName} serve"),
            new SupervisorOptions { Workers = 1, Restart = Quick with { StableAfter = TimeSpan.FromSeconds(1) }, Liveness = new LivenessOptions { Enabled = false } });
        var events = new Watched(supervised.Supervisor);
        var first = await supervised.ReadyAsync();
        File.WriteAllText(broken, "");
        supervised.Signal(first.Pid, 9);
        await events.Until<SupervisorEvent.BreakerOpened>();
        File.Delete(broken);
        await events.Until<SupervisorEvent.BreakerClosed>();
        Assert.False(Assert.Single(supervised.Supervisor.Workers).BreakerOpen);
    }

    [Fact]
    [Trait("Scenario", "27")]
    public async Task Exit_75_again_and_again_is_no_crash_and_is_paced()
    {
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("usr1=exit:75"), new SupervisorOptions { Workers = 1, Restart = Quick with { MinBackoff = TimeSpan.FromSeconds(60), MaxBackoff = TimeSpan.FromSeconds(60) } });
        var deaths = new List<DeathReport>();
        for (var incarnation = 1; incarnation <= 3; incarnation++)
        {
            var worker = await supervised.ReadyAsync(w => w.Id.Incarnation == incarnation);
            supervised.Signal(worker.Pid, 10);
            deaths.Add((await supervised.DeathAsync()).Report);
        }

        Assert.False(supervised.Supervisor.Workers[0].BreakerOpen);
        Assert.All(deaths, d => Assert.Equal((DeathCause.Recycle, 75), (d.Cause, d.ExitCode)));
        Assert.Equal(["restart at once", "restart at once"], deaths[..2].Select(d => d.Next));
        Assert.EndsWith("(it has asked to be recycled too often in a short time)", deaths[2].Next, StringComparison.Ordinal);
        await supervised.Log.Until(l => l.Text.Contains("starts its next worker in", StringComparison.Ordinal)).Soon();
        Assert.Equal(SlotState.BackingOff, supervised.Supervisor.Workers[0].State);
    }

    [Fact]
    [Trait("Scenario", "30")]
    [Trait("Category", "Slow")]
    public async Task Sixteen_workers_that_sleep_two_seconds_at_boot_sleep_at_the_same_time()
    {
        var clock = Stopwatch.StartNew();
        await using var supervised = await Supervised.StartAsync(
            Supervised.Shell($"sleep 2; exec {Supervised.Dummy().FileName} serve"), new SupervisorOptions { Workers = 16, Spares = 0 });
        await supervised.Sets.Until(s => s.Ready.Length == 16);
        var took = clock.Elapsed;
        var workers = supervised.Supervisor.Workers;
        var cpu = workers.Sum(w => Process.GetProcessById(w.Pid).TotalProcessorTime.TotalSeconds);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"16 ready after {took.TotalSeconds:0.0} s; their starts cost {cpu:0.0} s of CPU on {Environment.ProcessorCount} processors"));
        Assert.True(workers.Max(w => w.StartedAt!.Value) - workers.Min(w => w.StartedAt!.Value) < TimeSpan.FromSeconds(2));
        Assert.All(workers, w => Assert.Equal(1, w.Id.Incarnation));
    }
}
