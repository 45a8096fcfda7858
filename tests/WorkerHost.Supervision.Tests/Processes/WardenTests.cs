using System.Globalization;

namespace WorkerHost.Supervision.Tests.Processes;

public sealed class WardenTests
{
    /// <summary>The promise; reading /proc and polling cost a little more.</summary>
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait("Scenario", "45")]
    public async Task Nobody_outlives_a_host_killed_with_kill_9()
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "grandchild", "deaf");
        var family = host.Workers.SelectMany(pid => Processes.InSession(pid)).ToArray();
        Assert.True(family.Length >= host.Workers.Length * 2, $"expected workers and grandchildren, got {family.Length}");
        host.Kill();
        Assert.All(family, pid => Assert.True(Facts.IsGoneWithin(pid, OneSecond), $"process {pid} outlived its host"));
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task Nobody_outlives_it_even_when_stopped_by_SIGSTOP()
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "grandchild");
        var family = host.Workers.SelectMany(pid => Processes.InSession(pid)).ToArray();
        Assert.All(family, pid => Assert.Equal(0, Libc.kill(pid, 19)));
        host.Kill();
        Assert.All(family, pid => Assert.True(Facts.IsGoneWithin(pid, OneSecond), $"process {pid} outlived its host"));
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task Nobody_outlives_it_who_runs_as_another_user()
    {
        Isolation.Root.Demand();
        using var directory = new TemporaryDirectory();
        directory.OpenToOthers();
        using var host = await HostAsync(directory, "as=nobody", "deaf");

        // Without the warden: what is left is the signal of the parent's death, which a change of user could have lost.
        var warden = Assert.Single(host.Wardens());
        Assert.Equal(0, Libc.kill(warden, 19));
        host.Kill();
        Assert.All(host.Workers, pid => Assert.True(Facts.IsGoneWithin(pid, OneSecond), $"process {pid} outlived its host"));
        Libc.kill(warden, 9);
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task Daemons_do_not_outlive_it_and_the_next_start_removes_their_control_groups()
    {
        Isolation.Root.DemandContainment();
        using var directory = new TemporaryDirectory();
        string[] groups;
        using (var host = await HostAsync(directory, "daemon"))
        {
            var family = host.Workers.SelectMany(Processes.InControlGroupOf).ToArray();
            Assert.True(family.Length >= host.Workers.Length * 2, $"expected workers and daemons, got {family.Length}");
            groups = [.. host.Workers.Select(Processes.ControlGroup)];
            host.Kill();
            Assert.All(family, pid => Assert.True(Facts.IsGoneWithin(pid, OneSecond), $"process {pid} outlived its host"));
            await host.Process.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        }

        await using var next = await Supervised.StartAsync(Supervised.Dummy());

        // By this one, or by the supervisor of another test that started first: they sweep the whole machine.
        await Eventually.IsTrue(() => !Array.Exists(groups, Directory.Exists));
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task The_next_start_finds_nothing_in_its_way()
    {
        using var directory = new TemporaryDirectory();
        using (var host = await HostAsync(directory))
        {
            host.Kill();
        }

        using var next = await HostAsync(directory);
        Assert.Equal(2, next.Workers.Length);
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task The_next_start_deletes_what_a_killed_host_has_left_and_nothing_of_a_living_one()
    {
        using var directory = new TemporaryDirectory();
        using var living = await HostAsync(directory);
        var used = Assert.Single(Directory.GetDirectories(directory.Path));
        string left;
        using (var killed = await HostAsync(directory))
        {
            left = Assert.Single(Directory.GetDirectories(directory.Path), d => d != used);
            Assert.NotEmpty(Directory.GetFiles(left, "ledger", SearchOption.AllDirectories));
            killed.Kill();
            Facts.AssertGone(killed.Process.Id);
        }

        using var log = new RecordingLoggers();
        await using var next = await Supervisor.StartAsync(
            Supervised.Dummy(), new SupervisorOptions { Workers = 1, Directory = directory.Path }, null, log, TestContext.Current.CancellationToken).Soon();
        await log.Until(l => l.Text.StartsWith($"deleted {left}", StringComparison.Ordinal)).Soon();
        Assert.Equal([used, next.Directory], Directory.GetDirectories(directory.Path).OrderBy(d => d == used ? 0 : 1));
        Assert.NotEmpty(Directory.GetFiles(used, "ledger", SearchOption.AllDirectories));
        living.End();
        await living.Process.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal([next.Directory], Directory.GetDirectories(directory.Path));
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task What_the_runtimes_of_a_killed_host_and_of_its_workers_made_for_debuggers_does_not_stay()
    {
        using var directory = new TemporaryDirectory();
        using var living = await HostAsync(directory);
        var used = ForDebuggers();
        using (var killed = await HostAsync(directory))
        {
            Assert.Equal(2 * used.Length, ForDebuggers().Length);
            killed.Kill();
            Facts.AssertGone(killed.Process.Id);
        }

        // Of the workers at once, by the warden; of the host itself by the next supervisor.
        await Eventually.IsTrue(() => ForDebuggers().Length == used.Length + (used.Length / 3));
        await using var next = await Supervisor.StartAsync(
            Supervised.Dummy(), new SupervisorOptions { Workers = 1, Directory = directory.Path }, null, null, TestContext.Current.CancellationToken).Soon();
        await Eventually.IsTrue(() => ForDebuggers().Length == used.Length);
        Assert.Equal(used, ForDebuggers());

        string[] ForDebuggers() => [.. Directory.GetFiles(directory.Path).Where(static f => Path.GetFileName(f) is var n && (n.StartsWith("clr-debug-", StringComparison.Ordinal) || n.StartsWith("dotnet-diagnostic-", StringComparison.Ordinal))).Order()];
    }

    [Theory]
    [InlineData(9)]
    [InlineData(19)]
    public async Task A_warden_that_was_killed_or_stopped_is_replaced_and_its_successor_knows_the_groups(int signal)
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "grandchild", "deaf");
        var warden = Assert.Single(host.Wardens());
        Assert.Equal(0, Libc.kill(warden, signal));
        Facts.AssertGone(warden);
        int[] successors = [];
        await Eventually.IsTrue(() => (successors = host.Wardens()) is [var successor] && successor != warden);

        // It was born with what it has to know.
        var family = host.Workers.SelectMany(pid => Processes.InSession(pid)).ToArray();
        host.Kill();
        Assert.All(family, pid => Facts.AssertGone(pid));
    }

    [Theory]
    [InlineData(9, "has ended (SIGKILL)")]
    [InlineData(19, "was stopped (SIGSTOP) and therefore killed")]
    public async Task Every_supervisor_of_the_process_says_that_the_warden_was_replaced(int signal, string how)
    {
        await using var one = await Supervised.StartAsync(Supervised.Dummy());
        await using var other = await Supervised.StartAsync(Supervised.Dummy());
        var warden = Assert.Single(Processes.Wardens(Environment.ProcessId));
        Assert.Equal(0, Libc.kill(warden, signal));
        var line = $"the warden of worker processes (pid {warden}) {how}; another one has taken its place";
        await one.Log.Until(l => l.Text == line).Soon();
        await other.Log.Until(l => l.Text == line).Soon();

        // For a moment after its start /proc shows the shell before it has become what it is.
        await Eventually.IsTrue(() => Processes.Wardens(Environment.ProcessId) is [var successor] && successor != warden);
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task The_workers_themselves_are_gone_even_when_warden_and_host_are_killed_at_once()
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "deaf");
        foreach (var warden in host.Wardens())
        {
            Assert.Equal(0, Libc.kill(warden, 9));
        }

        host.Kill();
        Assert.All(host.Workers, pid => Assert.True(Facts.IsGoneWithin(pid, OneSecond), $"worker {pid} outlived its host"));
    }

    /// <summary>The workers that live are as much in need of one as those that are still to be started.</summary>
    [Fact]
    [Trait("Scenario", "45")]
    [Trait("Category", "Slow")]
    public async Task A_warden_that_ended_at_once_too_often_is_tried_again_though_no_worker_starts()
    {
        const int givenUp = 50;
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "grandchild");
        var family = host.Workers.SelectMany(pid => Processes.InSession(pid)).ToArray();
        var unseen = 0;
        await Eventually.IsTrue(() =>
        {
            var wardens = host.Wardens();
            Array.ForEach(wardens, static pid => Libc.kill(pid, 9));
            return (unseen = wardens.Length == 0 ? unseen + 1 : 0) == givenUp;
        });
        await Eventually.IsTrue(() => host.Wardens().Length == 1);
        host.Kill();
        Assert.All(family, pid => Assert.True(Facts.IsGoneWithin(pid, OneSecond), $"process {pid} outlived its host"));
    }

    [Fact]
    public async Task The_warden_is_gone_when_its_host_has_ended_properly()
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "grandchild");
        var warden = Assert.Single(host.Wardens());
        var family = host.Workers.SelectMany(pid => Processes.InSession(pid)).ToArray();
        host.End();
        await host.Process.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        Facts.AssertGone(warden);
        Assert.All(family, Facts.AssertGone);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    [Trait("Scenario", "19")]
    public async Task Nothing_of_a_dead_worker_stays_in_the_directory_of_its_supervisor()
    {
        var restart = new RestartOptions { MinBackoff = TimeSpan.FromMilliseconds(1) };
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("finish=1"), new SupervisorOptions { Workers = 1, Restart = restart });
        var worker = await supervised.ReadyAsync();
        var entries = Entries(supervised);
        for (var i = 1; i <= 10; i++)
        {
            supervised.Signal(worker.Pid, 9);
            worker = await supervised.ReadyAsync(w => w.Id.Incarnation == i + 1);
        }

        // A dead worker's probe is ended before its files go; nobody waits for either.
        await Eventually.IsTrue(() => Entries(supervised) == entries);
    }

    [Fact]
    public async Task The_warden_heeds_no_polite_signal()
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory);
        var warden = Assert.Single(host.Wardens());
        foreach (var signal in new[] { 1, 2, 15 })
        {
            Assert.Equal(0, Libc.kill(warden, signal));
        }

        host.Kill();
        Assert.All(host.Workers, Facts.AssertGone);
        Facts.AssertGone(warden);
    }

    private static int Entries(Supervised supervised) =>
        Directory.EnumerateFileSystemEntries(supervised.Supervisor.Directory, "*", SearchOption.AllDirectories).Count();

    private static async Task<KilledHost> HostAsync(TemporaryDirectory directory, params string[] manners)
    {
        var dummy = Path.Combine(AppContext.BaseDirectory, "WorkerHost.Supervision.Dummy");
        var start = new System.Diagnostics.ProcessStartInfo(dummy, ["host", directory.Path, "2", .. manners]) { RedirectStandardOutput = true };
        start.Environment["TMPDIR"] = directory.Path;
        var host = System.Diagnostics.Process.Start(start)!;
        var line = await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).Soon();
        return new KilledHost(host, [.. line!.Split(' ').Select(p => int.Parse(p, CultureInfo.InvariantCulture))]);
    }

    private sealed record KilledHost(System.Diagnostics.Process Process, int[] Workers) : IDisposable
    {
        /// <summary>Only the host itself: its workers are not killed with it.</summary>
        public void Kill() => Assert.Equal(0, Libc.kill(Process.Id, 9));

        /// <summary>It stops its workers and exits.</summary>
        public void End() => Assert.Equal(0, Libc.kill(Process.Id, 15));

        public int[] Wardens() => Processes.Wardens(Process.Id);

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
        }
    }

    private static class Processes
    {
        public static IEnumerable<int> All() => Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName).Where(n => n!.All(char.IsAsciiDigit)).Select(n => int.Parse(n!, CultureInfo.InvariantCulture));

        public static IEnumerable<int> InSession(int session) => All().Where(pid => Session(pid) == session);

        public static int[] Wardens(int host) =>
            [.. All().Where(p => Read(p, "cmdline").EndsWith($"workerhost-warden\0{host}\0", StringComparison.Ordinal))];

        /// <summary>The sixth field; the second, the name, may itself contain spaces and parentheses.</summary>
        private static int Session(int pid) => Read(pid, "stat") is { Length: > 0 } stat
            ? int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3], CultureInfo.InvariantCulture)
            : 0;

        /// <summary>The directory of its group of version 2.</summary>
        public static string ControlGroup(int pid)
        {
            var path = Read(pid, "cgroup").Split('\n').Single(l => l.StartsWith("0::", StringComparison.Ordinal))[3..];
            return Path.Combine(ControlGroupLayout.Probe().Unified!, Path.GetFileName(path));
        }

        public static IEnumerable<int> InControlGroupOf(int pid) =>
            File.ReadLines($"{ControlGroup(pid)}/cgroup.procs").Select(l => int.Parse(l, CultureInfo.InvariantCulture));

        private static string Read(int pid, string file)
        {
            try
            {
                return File.ReadAllText($"/proc/{pid}/{file}");
            }
            catch (IOException)
            {
                return "";
            }
        }
    }
}
