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
    public async Task A_warden_that_was_killed_is_replaced_and_its_successor_knows_the_groups()
    {
        using var directory = new TemporaryDirectory();
        using var host = await HostAsync(directory, "grandchild", "deaf");
        var warden = Assert.Single(host.Wardens());
        Assert.Equal(0, Libc.kill(warden, 9));
        Facts.AssertGone(warden);
        using var hang = new CancellationTokenSource(Facts.Hang);
        var successors = host.Wardens();
        while (successors is not [var successor] || successor == warden)
        {
            hang.Token.ThrowIfCancellationRequested();
            await Task.Yield();
            successors = host.Wardens();
        }

        // It is told the groups right after its start; only then is the host killed.
        var family = host.Workers.SelectMany(pid => Processes.InSession(pid)).ToArray();
        host.Kill();
        Assert.All(family, pid => Facts.AssertGone(pid));
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

    private static async Task<KilledHost> HostAsync(TemporaryDirectory directory, params string[] manners)
    {
        var dummy = Path.Combine(AppContext.BaseDirectory, "WorkerHost.Supervision.Dummy");
        var host = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(dummy, ["host", directory.Path, "2", .. manners]) { RedirectStandardOutput = true })!;
        var line = await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).Soon();
        return new KilledHost(host, [.. line!.Split(' ').Select(p => int.Parse(p, CultureInfo.InvariantCulture))]);
    }

    private sealed record KilledHost(System.Diagnostics.Process Process, int[] Workers) : IDisposable
    {
        /// <summary>Only the host itself: its workers are not killed with it.</summary>
        public void Kill() => Assert.Equal(0, Libc.kill(Process.Id, 9));

        public int[] Wardens() =>
            [.. Processes.All().Where(p => Processes.CommandLine(p).EndsWith($"workerhost-warden\0{Process.Id}\0", StringComparison.Ordinal))];

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

        public static string CommandLine(int pid) => Read(pid, "cmdline");

        /// <summary>The sixth field; the second, the name, may itself contain spaces and parentheses.</summary>
        private static int Session(int pid) => Read(pid, "stat") is { Length: > 0 } stat
            ? int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3], CultureInfo.InvariantCulture)
            : 0;

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
