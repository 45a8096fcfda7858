using System.Diagnostics;
using System.Globalization;

namespace WorkerHost.Supervision.Tests.Isolation;

public sealed class ControlGroupTests
{
    private const long Limit = 256 * 1024 * 1024;

    [Fact]
    public async Task A_worker_finds_itself_within_its_limits_from_its_first_line_on()
    {
        Root.DemandMemory();
        var facts = await WorkerFacts.OfAsync(new IsolationOptions { MemoryLimitBytes = Limit, CpuLimit = 1 });
        Assert.Contains(facts.All("cgroup"), l => l.Contains("memory", StringComparison.Ordinal) ? l.Contains("/workerhost-", StringComparison.Ordinal) : l.StartsWith("0::/workerhost-", StringComparison.Ordinal));
        Assert.Equal("1", facts["processors"]);
        Assert.Contains($"DOTNET_GCHeapHardLimit={Limit / 4 * 3:X}", facts.All("env"));
    }

    [Fact]
    public async Task A_heap_limit_of_the_users_own_is_left_alone()
    {
        Root.DemandMemory();
        var facts = await WorkerFacts.OfAsync(new IsolationOptions { MemoryLimitBytes = Limit }, c => c with { Environment = c.Environment.Add("DOTNET_GCHeapHardLimitPercent", "32") });
        Assert.DoesNotContain(facts.All("env"), e => e.StartsWith("DOTNET_GCHeapHardLimit=", StringComparison.Ordinal));
        Assert.Contains("DOTNET_GCHeapHardLimitPercent=32", facts.All("env"));
    }

    [Fact]
    [Trait("Scenario", "40")]
    public async Task Killed_for_its_memory_is_reported_as_that_and_names_the_setting()
    {
        Root.DemandMemory();
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("usr1=eat"), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { MemoryLimitBytes = Limit } });
        var worker = await supervised.ReadyAsync();
        supervised.Signal(worker.Pid, 10);
        var death = (await supervised.DeathAsync()).Report;
        Assert.Equal(DeathCause.OutOfMemory, death.Cause);
        Assert.True(death.IsOfItsOwnMaking);
        Assert.Equal("SIGKILL", death.Signal);
        Assert.Contains("256 MiB (Isolation.MemoryLimitBytes)", death.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "40")]
    public async Task Killed_by_somebody_within_its_limit_is_not()
    {
        Root.DemandMemory();
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy(), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { MemoryLimitBytes = Limit } });
        supervised.Signal((await supervised.ReadyAsync()).Pid, SignalNames.Kill);
        Assert.Equal(DeathCause.Killed, (await supervised.DeathAsync()).Report.Cause);
    }

    [Fact]
    [Trait("Scenario", "40")]
    public async Task Taken_by_the_kernel_for_the_memory_of_all_is_reported_as_perhaps_that()
    {
        Root.DemandMemory();
        using var directory = new TemporaryDirectory();
        var dummy = Path.Combine(AppContext.BaseDirectory, "WorkerHost.Supervision.Dummy");

        // A container, as it were: the host is in it, and its worker has no limit of its own. The kernel takes a second victim when the
        // first is slow to end, and that must not be the host.
        var container = ControlGroups.For(new IsolationOptions { MemoryLimitBytes = 2 * Limit, ContainDescendants = false }, ControlGroupLayout.Probe(), (_, _) => { })!.Make();
        try
        {
            using var host = Process.Start(new ProcessStartInfo("sh", ["-c", $"echo -1000 >/proc/$$/oom_score_adj; echo $$ >{container.Paths[0]}/cgroup.procs; exec {dummy} host {directory.Path} 1 usr1=eat death"]) { RedirectStandardOutput = true })!;
            var worker = int.Parse((await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).Soon())!, CultureInfo.InvariantCulture);
            Assert.Equal(0, Libc.kill(worker, 10));
            var death = await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).Soon();
            Assert.Matches("Killed, SIGKILL .*the kernel's out-of-memory killer has ended [0-9]+ process(es)? in the host's control group, perhaps this one", death);
            Assert.Equal(0, Libc.kill(host.Id, SignalNames.Terminate));
            await host.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
        }
        finally
        {
            await container.RemoveAsync(TimeProvider.System);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Limit)]
    public async Task A_daemon_goes_with_its_worker_and_so_does_the_control_group(long? memory)
    {
        Root.DemandMemory();
        Root.DemandContainment();
        string group;
        await using (var supervised = await Supervised.StartAsync(
            Supervised.Dummy("daemon"), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { MemoryLimitBytes = memory } }))
        {
            var worker = await supervised.ReadyAsync();
            var daemon = await DaemonAsync(supervised);
            group = Path.GetFileName(File.ReadLines($"/proc/{daemon}/cgroup").Single(l => l.StartsWith("0::", StringComparison.Ordinal)));
            supervised.Signal(worker.Pid, SignalNames.Kill);
            Facts.AssertGone(daemon);
        }

        var layout = ControlGroupLayout.Probe();
        Assert.DoesNotContain(new[] { layout.Unified, layout.Memory }, d => d is not null && Directory.Exists(Path.Combine(d, group)));
    }

    [Fact]
    public async Task Without_a_control_group_a_daemon_escapes()
    {
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("daemon"), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { ContainDescendants = false } });
        var worker = await supervised.ReadyAsync();
        var daemon = await DaemonAsync(supervised);
        supervised.Signal(worker.Pid, SignalNames.Kill);
        await supervised.DeathAsync();
        Assert.Equal(0, Libc.kill(daemon, SignalNames.Kill));
    }

    [Fact]
    public void Where_there_is_no_cgroup_kill_all_members_are_killed_one_by_one()
    {
        Root.DemandMemory();
        var parent = ControlGroupLayout.Probe().Memory;
        Assert.SkipWhen(parent is null, "no control groups of version 1 here");
        var path = Path.Combine(parent!, ControlGroupName.Make());
        Directory.CreateDirectory(path);
        var group = new ControlGroup([path]);
        using var stranger = Process.Start("sleep", "1000");
        using var shell = Process.Start("sh", ["-c", $"echo 0 >{path}/cgroup.procs; setsid sleep 1000 & sleep 1000"]);
        try
        {
            while (File.ReadLines($"{path}/cgroup.procs").Count() < 3)
            {
                Assert.False(shell.HasExited);
            }

            var members = File.ReadLines($"{path}/cgroup.procs").Select(l => int.Parse(l, CultureInfo.InvariantCulture)).ToArray();
            Assert.False(group.TryRemove());
            Assert.False(group.TryKillAtOnce());
            Assert.All(members, pid => Assert.True(Facts.IsAlive(pid)));
            group.Kill();
            Assert.All(members, Facts.AssertGone);
            Assert.True(Facts.IsAlive(stranger.Id));
        }
        finally
        {
            stranger.Kill();
            group.Kill();
        }

        while (!group.TryRemove())
        {
            Assert.Empty(File.ReadLines($"{path}/cgroup.procs"));
        }
    }

    [Fact]
    public void What_cannot_be_listed_is_not_taken_for_removed()
    {
        using var directory = new TemporaryDirectory();
        Assert.False(new ControlGroup([Path.Combine(directory.Path, new string('x', 300))]).TryRemove());
        Assert.True(new ControlGroup([Path.Combine(directory.Path, "gone")]).TryRemove());
    }

    /// <summary>In a control group no file can be deleted, not even by root, and any directory can.</summary>
    [Fact]
    public void Emptying_a_directory_goes_on_after_what_cannot_be_deleted_and_says_so()
    {
        Root.DemandContainment();
        var parent = Path.Combine(ControlGroupLayout.Probe().Unified!, ControlGroupName.Make());
        Directory.CreateDirectory(Path.Combine(parent, "a", "c"));
        Directory.CreateDirectory(Path.Combine(parent, "b"));
        try
        {
            using var held = HeldDirectory.TryOpen(parent)!;
            var error = Assert.Throws<IOException>(() => held.Empty(1000, last: "none"));
            Assert.Contains("something in it cannot be deleted", error.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateDirectories(parent));
        }
        finally
        {
            Assert.True(new ControlGroup([parent]).TryRemove());
        }
    }

    [Fact]
    public void A_start_that_gets_no_control_group_leaves_no_directory()
    {
        Root.DemandContainment();
        var parent = Path.Combine(ControlGroupLayout.Probe().Unified!, ControlGroupName.Make());
        Directory.CreateDirectory(parent);
        try
        {
            using var place = new TemporaryDirectory();
            using var directory = new PrivateDirectory(place.Path);
            var isolation = new IsolationOptions { ContainDescendants = true };
            var plan = IsolationPlan.Make(isolation, HostFacts.Probe() with { ControlGroups = new ControlGroupLayout(parent, null, null) });
            ControlGroupFile.Write($"{parent}/cgroup.max.descendants", "0");
            var launcher = new Launcher(WorkerCommand.Create("true"), new SupervisorOptions { Isolation = isolation }, plan, directory);
            Assert.ThrowsAny<IOException>(() => launcher.Plan(new WorkerId("p", 0, 1)));
            Assert.Empty(Directory.EnumerateDirectories(directory.Path));
        }
        finally
        {
            Directory.Delete(parent);
        }
    }

    [Fact]
    public void Only_groups_of_processes_that_are_gone_are_abandoned()
    {
        var living = ControlGroupName.Make();
        var parts = living.Split('-');
        Assert.False(ControlGroupName.IsAbandoned(living));
        Assert.True(ControlGroupName.IsAbandoned($"workerhost-{parts[1]}-{parts[2]}-1-abc"));
        Assert.False(ControlGroupName.IsAbandoned($"workerhost-1{parts[1]}-{parts[2]}-1-abc"));
        Assert.False(ControlGroupName.IsAbandoned("workerhost-of-somebody"));
        Assert.False(ControlGroupName.IsAbandoned("workerhost"));
    }

    [Fact]
    public void Where_the_host_stands_is_found_in_version_2_version_1_both_and_in_a_container()
    {
        Assert.Equal(
            new ControlGroupLayout("/sys/fs/cgroup/system.slice/app.service", null, null),
            ControlGroupLayout.Parse(["0::/system.slice/app.service"], ["29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"]));
        Assert.Equal(
            new ControlGroupLayout("/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory/user", "/sys/fs/cgroup/cpu,cpuacct"),
            ControlGroupLayout.Parse(
                ["4:memory:/user", "2:cpu,cpuacct:/", "0::/"],
                ["32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct", "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"]));
        Assert.Equal(
            new ControlGroupLayout(null, "/sys/fs/cgroup/memory", null),
            ControlGroupLayout.Parse(["4:memory:/docker/abc"], ["35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"]));
        Assert.Equal(
            ControlGroupLayout.None,
            ControlGroupLayout.Parse(["4:memory:/elsewhere"], ["35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "a broken line"]));
    }

    private static async Task<int> DaemonAsync(Supervised supervised) =>
        int.Parse((await supervised.Log.Output("daemon ")).Text.Split(' ')[^1], CultureInfo.InvariantCulture);
}
