using System.Diagnostics;
using System.Globalization;

namespace WorkerHost.Supervision.Tests.Isolation;

public sealed class AnotherUserTests
{
    [Fact]
    public async Task It_reaches_its_own_directory_and_the_host_keeps_what_holds_it()
    {
        Root.Demand();
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { User = "nobody" } });
        var worker = await supervised.ReadyAsync();
        var socket = worker.Address.LocalPath;
        var own = Path.GetDirectoryName(Path.GetDirectoryName(socket))!;

        Assert.Equal("ok", await AsNobodyAsync($"test -S {socket} && test -w {own}/ledger && echo ok"));
        Assert.Equal("", await AsNobodyAsync($"ls {Path.GetDirectoryName(own)}; touch {own}/x; mv {own}/ledger {own}/s/l; rm -f {own}/ledger; echo"));
        Assert.Equal("", await AsAsync("daemon", $"cat {own}/ledger; ls {own}/s; test -S {socket} && echo seen"));
    }

    [Fact]
    public async Task What_it_leaves_in_its_directory_goes_with_it_and_no_link_is_followed()
    {
        Root.Demand();
        using var elsewhere = new TemporaryDirectory();
        elsewhere.File("precious", "");
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(), new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { User = "nobody" } });
        var worker = await supervised.ReadyAsync();
        var sockets = Path.GetDirectoryName(worker.Address.LocalPath)!;
        await AsNobodyAsync($"cd {sockets} && touch file && ln -s {elsewhere.Path} link && mkfifo pipe");
        Assert.Equal(4, Directory.GetFileSystemEntries(sockets).Length);
        supervised.Signal(worker.Pid, SignalNames.Kill);
        await supervised.ReadyAsync(w => w.Id.Incarnation == 2);
        await supervised.Supervisor.StopAsync(TestContext.Current.CancellationToken).Soon();
        Assert.False(Directory.Exists(sockets));
        Assert.True(File.Exists(Path.Combine(elsewhere.Path, "precious")));
    }

    [Fact]
    public void The_hosts_directory_for_temporary_files_is_inherited_where_that_user_may_write_in_it()
    {
        using var directory = new TemporaryDirectory();
        var plan = IsolationPlan.Make(new IsolationOptions { User = "54321" }, new HostFacts());
        Assert.DoesNotContain($"TMPDIR={directory.Path}", With(directory.Path));
        directory.OpenToOthers();
        Assert.DoesNotContain($"TMPDIR={directory.Path}", With(directory.Path));
        File.SetUnixFileMode(directory.Path, File.GetUnixFileMode(directory.Path) | UnixFileMode.OtherWrite);
        Assert.Contains($"TMPDIR={directory.Path}", With(directory.Path));
        Assert.DoesNotContain("TMPDIR=/no/such/place", With("/no/such/place"));

        IReadOnlyList<string> With(string temporary) =>
            WorkerEnvironment.Build(new Dictionary<string, string> { ["TMPDIR"] = temporary }, [], new Dictionary<string, string>(), plan);
    }

    private static Task<string> AsNobodyAsync(string script) => AsAsync("nobody", script);

    private static async Task<string> AsAsync(string user, string script)
    {
        var start = new ProcessStartInfo("setpriv", ["--reuid", user, "--regid", UserAccount.Find(user)!.GroupId.ToString(CultureInfo.InvariantCulture), "--clear-groups", "sh", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var complaints = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).Soon();
        await complaints.Soon();
        return said.Trim();
    }
}
