using System.Globalization;

namespace WorkerHost.Supervision.Tests.Isolation;

/// <summary>What was asked for, seen by the worker itself.</summary>
public sealed class ObservedInsideTests
{
    [Fact]
    public async Task By_default_no_core_is_dumped_and_the_kernel_takes_workers_before_the_host()
    {
        var facts = await WorkerFacts.OfAsync(new IsolationOptions());
        Assert.Equal("0 0 bytes", facts["core"]);
        Assert.Equal(Math.Min(1000, OwnOomScore() + 500), Number(facts["oom"]));
        Assert.Equal("0", facts["NoNewPrivs"]);
    }

    [Fact]
    public async Task Nice_open_files_oom_score_and_no_new_privileges()
    {
        var facts = await WorkerFacts.OfAsync(new IsolationOptions
        {
            Nice = 7,
            MaxOpenFiles = 300,
            OomScoreAdjust = 123,
            NoNewPrivileges = true,
        });
        Assert.Equal(Math.Min(19, OwnNice() + 7), Number(facts["nice"]));
        Assert.Equal("300 300 files", facts["files"]);
        Assert.Equal(Math.Min(1000, OwnOomScore() + 123), Number(facts["oom"]));
        Assert.Equal("1", facts["NoNewPrivs"]);
    }

    [Fact]
    public async Task Core_dumps_and_oom_score_are_left_alone_where_so_asked()
    {
        var facts = await WorkerFacts.OfAsync(new IsolationOptions { CoreDumps = true, OomScoreAdjust = 0 });
        Assert.Equal(OwnOomScore(), Number(facts["oom"]));
        var own = File.ReadLines("/proc/self/limits").Single(l => l.StartsWith("Max core", StringComparison.Ordinal))[26..];
        Assert.Equal(string.Join(' ', own.Split(' ', StringSplitOptions.RemoveEmptyEntries)), facts["core"]);
    }

    [Fact]
    public async Task Working_directory_and_environment_are_those_asked_for_and_nothing_of_the_shell_before_it()
    {
        using var directory = new TemporaryDirectory();
        var facts = await WorkerFacts.OfAsync(new IsolationOptions(), c => c with
        {
            WorkingDirectory = directory.Path,
            Environment = c.Environment.Add("MINE", "1 and 'a quote'"),
        });
        Assert.Equal(directory.Path, facts["cwd"]);
        string[] allowed = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "MINE", "WORKERHOST_WORKER"];
        Assert.All(
            facts.All("env").Select(e => e.Split('=')[0]),
            name => Assert.True(allowed.Contains(name) || name.StartsWith("DOTNET_", StringComparison.Ordinal) || name.StartsWith("LC_", StringComparison.Ordinal) || name.StartsWith("SSL_CERT_", StringComparison.Ordinal), name));
        Assert.Contains("MINE=1 and 'a quote'", facts.All("env"));
        Assert.DoesNotContain(facts.All("env"), e => e.StartsWith("DOTNET_GCHeapHardLimit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_user_with_that_users_groups_home_and_name()
    {
        Root.Demand();
        var facts = await WorkerFacts.OfAsync(new IsolationOptions { User = "nobody", NoNewPrivileges = true });
        var nobody = UserAccount.Find("nobody")!;
        Assert.Equal($"{nobody.UserId} {nobody.UserId} {nobody.UserId} {nobody.UserId}", facts["Uid"]);
        Assert.Equal($"{nobody.GroupId} {nobody.GroupId} {nobody.GroupId} {nobody.GroupId}", facts["Gid"]);
        Assert.DoesNotContain("0", facts["Groups"].Split(' '));
        Assert.Contains("USER=nobody", facts.All("env"));
        Assert.Contains($"HOME={nobody.Home}", facts.All("env"));
    }

    [Fact]
    public async Task A_user_known_by_number_only_and_another_group()
    {
        Root.Demand();
        var facts = await WorkerFacts.OfAsync(new IsolationOptions { User = "54321", Group = "54322" });
        Assert.Equal("54321 54321 54321 54321", facts["Uid"]);
        Assert.Equal("54322 54322 54322 54322", facts["Gid"]);
        Assert.Equal("", facts["Groups"]);
        Assert.DoesNotContain(facts.All("env"), e => e.StartsWith("HOME=", StringComparison.Ordinal));
    }

    private static int OwnOomScore() => Number(File.ReadAllText("/proc/self/oom_score_adj"));

    /// <summary>The 17th after the name.</summary>
    private static int OwnNice() => Number(File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[16]);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
