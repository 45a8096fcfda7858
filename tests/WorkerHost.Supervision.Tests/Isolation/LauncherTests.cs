using System.Collections.Immutable;

namespace WorkerHost.Supervision.Tests.Isolation;

/// <summary>Workers inside of a sandbox that somebody else has made.</summary>
public sealed class LauncherTests
{
    /// <summary>The whole system to read, nothing to write but the worker's own directory, processes of its own.</summary>
    private static readonly IsolationOptions Sandbox = new()
    {
        Launcher = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--die-with-parent", "--bind", "{directory}", "{directory}", "--setenv", "WHO", "{pool}/{slot}#{incarnation}", "--"],
    };

    [Fact]
    public async Task A_worker_in_bwrap_is_ready_and_pools_are_told_the_process_that_listens()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/bwrap"), "bwrap");
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("facts"), new SupervisorOptions { Workers = 1, Isolation = Sandbox });
        var worker = await supervised.ReadyAsync();
        var status = Assert.Single(supervised.Supervisor.Workers);
        Assert.NotEqual(status.Pid, worker.Pid);
        Assert.Contains("WorkerHost.Supervision.Dummy\0serve\0", File.ReadAllText($"/proc/{worker.Pid}/cmdline"), StringComparison.Ordinal);
        var facts = await WorkerFacts.ReadAsync(supervised);
        Assert.Contains("WHO=default/0#1", facts.All("env"));
        Assert.Equal("0 0 bytes", facts["core"]);

        // The exit of what was started inside is the worker's.
        supervised.Signal(worker.Pid, SignalNames.Kill);
        var death = (await supervised.DeathAsync()).Report;
        Assert.Equal(137, death.ExitCode);
        Facts.AssertGone(status.Pid);
        Assert.NotEqual(worker.Pid, (await supervised.ReadyAsync(w => w.Id.Incarnation == 2)).Pid);
    }

    [Fact]
    [Trait("Scenario", "40")]
    public async Task Killed_for_its_memory_behind_a_launcher_is_reported_as_that()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/bwrap"), "bwrap");
        Root.DemandMemory();
        await using var supervised = await Supervised.StartAsync(
            Supervised.Dummy("usr1=eat"), new SupervisorOptions { Workers = 1, Isolation = Sandbox with { MemoryLimitBytes = 256 * 1024 * 1024 } });
        supervised.Signal((await supervised.ReadyAsync()).Pid, 10);
        Assert.Equal(DeathCause.OutOfMemory, (await supervised.DeathAsync()).Report.Cause);
    }

    [Fact]
    public async Task What_the_runtime_of_a_killed_worker_leaves_is_deleted_also_behind_a_launcher()
    {
        using var directory = new TemporaryDirectory();
        using var temporary = new TemporaryDirectory();
        var script = directory.File("waiting", "#!/bin/sh\n\"$@\" <&0\nexit $?\n", executable: true);
        var command = Supervised.Dummy() with { Environment = ImmutableDictionary<string, string>.Empty.Add("TMPDIR", temporary.Path) };
        await using var supervised = await Supervised.StartAsync(command, new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { Launcher = [script] } });
        var worker = await supervised.ReadyAsync();
        Assert.NotEqual(Assert.Single(supervised.Supervisor.Workers).Pid, worker.Pid);
        Assert.Contains(Directory.EnumerateFiles(temporary.Path), f => f.Contains($"-{worker.Pid}-", StringComparison.Ordinal));
        supervised.Signal(worker.Pid, SignalNames.Kill);
        await supervised.DeathAsync();
        await Eventually.IsTrue(() => !Directory.EnumerateFiles(temporary.Path).Any(f => f.Contains($"-{worker.Pid}-", StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task What_a_launcher_has_let_go_of_is_a_stranger()
    {
        // Its parent ends at once, so it is nobody's descendant any more; its control group ends it all the same.
        Root.DemandContainment();
        using var directory = new TemporaryDirectory();
        var script = directory.File("letting-go", "#!/bin/sh\nexec 3<&0; (\"$@\" <&3 &); exec sleep 1000\n", executable: true);
        var error = await Supervised.FailToStartAsync(
            Supervised.Dummy(), new SupervisorOptions { Workers = 1, BootTimeout = TimeSpan.FromSeconds(5), Isolation = new IsolationOptions { Launcher = [script] } });
        var death = Assert.Single(error.Deaths);
        Assert.Equal(DeathCause.BootTimeout, death.Cause);
        Assert.Contains("Isolation.Launcher must stay an ancestor of the worker", death.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_shell_on_the_way_takes_a_file_of_no_known_format_for_a_script()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.File("no-program", "touch " + directory.Path + "/ran\n", executable: true);
        var error = await Supervised.FailToStartAsync(
            WorkerCommand.Create(file), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { MaxOpenFiles = 1000 } });
        Assert.Contains("neither a program for this processor nor a script", error.Deaths[0].Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(directory.Path, "ran")));
    }
}
