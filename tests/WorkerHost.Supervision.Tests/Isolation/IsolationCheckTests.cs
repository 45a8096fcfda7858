namespace WorkerHost.Supervision.Tests.Isolation;

public sealed class IsolationCheckTests
{
    private const ulong Everything = ulong.MaxValue;

    private static readonly HostFacts Poor = new()
    {
        UserId = 1000,
        Capabilities = 0,
        MaxOpenFiles = 4096,
        OomScore = null,
        ShellPath = null,
        SetprivPath = null,
        NicePath = null,
        SearchPath = "/no/where",
    };

    private static readonly HostFacts Rich = new()
    {
        UserId = 0,
        Capabilities = Everything,
        MaxOpenFiles = 4096,
        OomScore = 0,
        ShellPath = "/bin/sh",
        SetprivPath = "/usr/bin/setpriv",
        NicePath = "/usr/bin/nice",
        SearchPath = "/usr/bin:/bin",
    };

    [Fact]
    public void The_defaults_can_be_had_everywhere()
    {
        Assert.Empty(Find(new IsolationOptions(), Poor));
        Assert.Empty(Find(new IsolationOptions(), Rich));
    }

    [Fact]
    public void What_nobody_could_do_is_told_all_at_once_with_what_is_allowed()
    {
        var wrong = Find(
            new IsolationOptions
            {
                Nice = 20,
                MemoryLimitBytes = 1000,
                CpuLimit = double.NaN,
                MaxOpenFiles = 3,
                OomScoreAdjust = -1,
                User = "no-such-user",
                Group = "no-such-group",
                Launcher = ["no-such-sandbox", "--"],
            },
            Rich);
        string[] expected =
        [
            "Isolation.Nice is 20; allowed: -20 to 19", "Isolation.MaxOpenFiles is 3; allowed: at least 64", "Isolation.OomScoreAdjust is -1; allowed: 0 to 1000",
            "Isolation.Group is \"no-such-group\"; allowed: the name or number of a group", "Isolation.User is \"no-such-user\"; allowed: the name or number of a user",
            "Isolation.Launcher is \"no-such-sandbox --\", which cannot be had here: 'no-such-sandbox': not found in PATH (/usr/bin:/bin)",
            "Isolation.MemoryLimitBytes is 1000; allowed: at least 16777216", "Isolation.CpuLimit is NaN; allowed: 0.01 to 10000 processors",
        ];
        Assert.Equal(expected.Length, wrong.Count);
        Assert.All(expected, text => Assert.Contains(wrong, w => w.StartsWith(text, StringComparison.Ordinal)));
    }

    [Fact]
    public void What_this_host_cannot_do_is_told_all_at_once_with_what_is_missing()
    {
        var wrong = Find(
            new IsolationOptions
            {
                Nice = -5,
                MemoryLimitBytes = 1 << 30,
                CpuLimit = 0.5,
                MaxOpenFiles = 5000,
                OomScoreAdjust = 1,
                ContainDescendants = true,
                User = "root",
                NoNewPrivileges = true,
                Launcher = ["bwrap"],
            },
            Poor);
        string[] expected =
        [
            "Isolation.Nice is -5, which cannot be had here: below 0 needs the capability CAP_SYS_NICE",
            "Isolation.MemoryLimitBytes is 1073741824, which cannot be had here: there are no control groups for memory",
            "Isolation.CpuLimit is 0.5, which cannot be had here: there are no control groups for cpu",
            "Isolation.ContainDescendants is True, which cannot be had here: no control groups of version 2",
            "Isolation.MaxOpenFiles is 5000, which cannot be had here: above the host's own hard limit, 4096,",
            "Isolation.OomScoreAdjust is 1, which cannot be had here: /proc/self/oom_score_adj cannot be written",
            "Isolation.User is \"root\", which cannot be had here: the host is user 1000, and only root",
            "Isolation.User is \"root\", which cannot be had here: setpriv of util-linux is not installed",
            "Isolation.Launcher is \"bwrap\", which cannot be had here: 'bwrap': not found in PATH (/no/where)",
            "Isolation.NoNewPrivileges is True, which cannot be had here: setpriv of util-linux is not installed",
            "Isolation cannot be had here: there is no /bin/sh",
        ];
        Assert.Equal(expected.Length, wrong.Count);
        Assert.All(expected, text => Assert.Contains(wrong, w => w.StartsWith(text, StringComparison.Ordinal)));
    }

    [Fact]
    public void Root_without_the_capabilities_for_another_user_is_told_which()
    {
        var wrong = Find(new IsolationOptions { User = "root" }, Rich with { Capabilities = Everything & ~(1UL << HostFacts.CapSetGid) });
        Assert.Contains("without the capabilities CAP_SETGID", Assert.Single(wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_could_not_kill_another_user_cannot_start_workers_as_one()
    {
        var wrong = Find(new IsolationOptions { User = "root" }, Rich with { Capabilities = Everything & ~(1UL << HostFacts.CapKill) });
        Assert.Contains("without the capabilities CAP_KILL", Assert.Single(wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_that_leaves_a_user_as_it_is_is_no_user_and_no_group()
    {
        Assert.StartsWith("Isolation.User is \"4294967295\"", Assert.Single(Find(new IsolationOptions { User = "4294967295" }, Rich)), StringComparison.Ordinal);
        Assert.StartsWith("Isolation.Group is \"4294967295\"", Assert.Single(Find(new IsolationOptions { User = "root", Group = "4294967295" }, Rich)), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_element_of_a_launcher_is_looked_at()
    {
        Assert.Equal(
            ["Isolation.Launcher[0] is null; allowed: a path, or a name that is in PATH", "Isolation.Launcher[1] is \"a\\0b\"; allowed: text without a NUL character", "Isolation.Launcher[2] is null; allowed: text without a NUL character"],
            Find(new IsolationOptions { Launcher = [null!, "a\0b", null!, ""] }, Rich));
        Assert.StartsWith("Isolation.Launcher[0] is \"\"; ", Assert.Single(Find(new IsolationOptions { Launcher = ["", "x"] }, Rich)), StringComparison.Ordinal);
        Assert.StartsWith("Isolation.Launcher[1] is null; ", Assert.Single(Find(new IsolationOptions { Launcher = ["sh", null!] }, Rich)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_the_user_may_not_enter_is_refused()
    {
        using var directory = new TemporaryDirectory();
        var wrong = Find(new IsolationOptions { User = "54321" }, Rich, Path.Combine(directory.Path, "below"));
        Assert.Contains($"may not enter '{directory.Path}'", Assert.Single(wrong), StringComparison.Ordinal);
        directory.OpenToOthers();
        Assert.Empty(Find(new IsolationOptions { User = "54321" }, Rich, directory.Path));
    }

    [Fact]
    public async Task A_start_with_them_fails_and_names_them_beside_the_other_wrong_options()
    {
        var options = new SupervisorOptions { Workers = 0, Isolation = new IsolationOptions { User = "no-such-user", Launcher = ["no-such-sandbox"] } };
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Supervisor.StartAsync(WorkerCommand.Create("true"), options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Workers is 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("no-such-user", error.Message, StringComparison.Ordinal);
        Assert.Contains("no-such-sandbox", error.Message, StringComparison.Ordinal);
    }

    private static List<string> Find(IsolationOptions options, HostFacts host, string directory = "/")
    {
        var wrong = new List<string>();
        new IsolationCheck(options, directory, host, wrong.Add).Run();
        return wrong;
    }
}
