using System.Collections.Immutable;
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

    [Theory]
    [InlineData(null)]
    [InlineData(1000)]
    public async Task Every_variable_arrives_as_it_was_given_also_what_no_shell_can_hold(int? files)
    {
        var given = ImmutableDictionary<string, string>.Empty
            .Add("a.b", "1 'quoted' \"twice\" $HOME ${PATH} #\\n")
            .Add("Logging:LogLevel:Default", "Debug")
            .Add("A:B", "")
            .Add("-c d", "x=y")
            .Add("1", "one")
            .Add("größe", "ü")
            .Add("PWD", "/mine")
            .Add("OLDPWD", "/mine before")
            .Add("SHLVL", "7")
            .Add("_", "underscore")
            .Add("PPID", "no number")
            .Add("OPTIND", "none")
            .Add("IFS", "x")
            .Add("UID", "me")
            .Add("WORKERHOST_CARRIED_0", "mine");
        var facts = await WorkerFacts.OfAsync(new IsolationOptions { MaxOpenFiles = files }, c => c with { Environment = given });
        Assert.All(given, pair => Assert.Contains($"{pair.Key}={pair.Value}", facts.All("env")));
        Assert.Equal(["WORKERHOST_CARRIED_0=mine"], facts.All("env").Where(e => e.StartsWith("WORKERHOST_CARRIED", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1000)]
    public async Task Where_nothing_can_carry_a_variable_it_arrives_by_default_and_is_an_error_with_what_was_asked_for(int? files)
    {
        using var place = new TemporaryDirectory();
        using var directory = new PrivateDirectory(place.Path);
        var seen = place.File("seen", "");
        var command = Supervised.Shell($"tr '\\0' '\\n' </proc/$$/environ >{seen}") with { Environment = ImmutableDictionary<string, string>.Empty.Add("a.b", "secret") };
        var isolation = new IsolationOptions { MaxOpenFiles = files };
        var plan = IsolationPlan.Make(isolation, HostFacts.Probe() with { EnvPath = null, ControlGroups = ControlGroupLayout.None });
        var launcher = new Launcher(command, new SupervisorOptions { Isolation = isolation }, plan, directory);
        var listener = new Ending();
        var started = launcher.SpawnAsync(launcher.Plan(new WorkerId("p", 0, 1)), listener);
        if (files is not null)
        {
            var error = await Assert.ThrowsAsync<SpawnException>(() => started.Soon());
            Assert.Contains("environment variables a.b cannot be taken past /bin/sh", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
            return;
        }

        await started.Soon();
        await listener.Ended.Soon();
        Assert.Contains("a.b=secret", File.ReadLines(seen));
    }

    [Theory]
    [InlineData("bash", true)]
    [InlineData("bash", false)]
    [InlineData("dash", true)]
    public async Task Behind_any_shell_the_environment_is_just_what_was_given_and_so_is_a_program_named_like_a_variable(string shell, bool odd)
    {
        var found = $"/bin/{shell}";
        Assert.SkipUnless(File.Exists(found), $"no {shell} here");
        using var place = new TemporaryDirectory();
        using var directory = new PrivateDirectory(place.Path);
        var sh = File.CreateSymbolicLink(Path.Combine(place.Path, "sh"), found).FullName;
        var seen = place.File("seen", "");
        var given = ImmutableDictionary<string, string>.Empty;
        var command = WorkerCommand.Create(place.File("a=b", $"#!/bin/sh\ntr '\\0' '\\n' </proc/$$/environ >{seen}\n", executable: true)) with { Environment = odd ? given.Add("a.b", "1").Add("PWD", "/mine") : given };
        var host = HostFacts.Probe() with { ShellPath = sh, ShellIsBash = shell == "bash", SetprivPath = null, ControlGroups = ControlGroupLayout.None };
        var plan = IsolationPlan.Make(new IsolationOptions(), host);
        var launcher = new Launcher(command, new SupervisorOptions(), plan, directory);
        var listener = new Ending();
        await launcher.SpawnAsync(launcher.Plan(new WorkerId("p", 0, 1)), listener).Soon();
        await listener.Ended.Soon();
        var expected = WorkerEnvironment.Build(Environment.GetEnvironmentVariables(), new SupervisorOptions().InheritEnvironment, command.Environment, plan);
        Assert.Equal(expected.Order(StringComparer.Ordinal), File.ReadLines(seen).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_value_of_a_carried_variable_is_in_a_command_line()
    {
        var carried = CarriedEnvironment.Of(["PATH=/bin", "a.b=secret", "_=secret"]);
        Assert.Equal(["PATH=/bin", "WORKERHOST_CARRIED_0=a.b=secret", "WORKERHOST_CARRIED_1=_=secret"], carried.ForShell);
        Assert.Equal(["-S", "-u WORKERHOST_CARRIED_0 -u WORKERHOST_CARRIED_1 -u PWD -- ${WORKERHOST_CARRIED_0} ${WORKERHOST_CARRIED_1}"], carried.Restore("_", "PWD"));
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

    private sealed class Ending : ChildListener
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => ended.Task;

        public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes)
        {
        }

        public override void Exited(ExitFacts facts, long? peakMemoryBytes) => ended.SetResult();

        public override void Faulted(Exception exception) => ended.TrySetException(exception);
    }

    private static int OwnOomScore() => Number(File.ReadAllText("/proc/self/oom_score_adj"));

    /// <summary>The 17th after the name.</summary>
    private static int OwnNice() => Number(File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[16]);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
