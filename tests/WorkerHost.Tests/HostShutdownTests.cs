using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace WorkerHost.Tests;

/// <summary>A program with a pool in it is told to stop, as systemd and Kubernetes do it.</summary>
public sealed partial class HostShutdownTests
{
    private const int SigTerm = 15;
    private const int SigUsr1 = 10;

    [Fact]
    [Trait("Scenario", "43")]
    public async Task Told_to_stop_under_load_a_host_lets_every_accepted_call_finish_before_it_exits_with_0()
    {
        await using var host = await HostProcess.StartAsync("block", 20);

        TestPool.Kill(host.Pid, SigTerm);
        var told = await host.EndAsync();

        Assert.Equal(0, host.ExitCode);
        Assert.True(told.Accepted >= 2, $"{told}");
        Assert.Equal(told with { Succeeded = told.Accepted, Cancelled = 0, Failed = 0 }, told);
        Assert.All(host.Workers, pid => Assert.False(TestPool.IsAlive(pid)));
    }

    [Fact]
    [Trait("Scenario", "43")]
    public async Task A_second_signal_hurries_a_host_whose_calls_do_not_end()
    {
        await using var host = await HostProcess.StartAsync("sleep", 600_000);
        TestPool.Kill(host.Pid, SigTerm);
        await host.SaysAsync("stopping");
        Assert.All(host.Workers, pid => Assert.True(TestPool.IsAlive(pid)));

        TestPool.Kill(host.Pid, SigTerm);
        var told = await host.EndAsync();

        Assert.Equal(0, host.ExitCode);
        Assert.Equal(new Outcomes(16, 0, 16, 0), told);
        Assert.All(host.Workers, pid => Assert.False(TestPool.IsAlive(pid)));
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task When_a_host_is_killed_a_worker_that_may_leave_in_its_own_time_goes_with_it()
    {
        await using var host = await HostProcess.StartAsync("block", 600_000);
        TestPool.Kill(host.Pid, SigUsr1);
        var leaving = int.Parse((await host.SaysAsync("leaving")).Split(' ')[1], CultureInfo.InvariantCulture);
        Assert.True(TestPool.IsAlive(leaving));

        TestPool.Kill(host.Pid);

        await TestPool.Until(() => host.Workers.Append(leaving).All(static pid => !TestPool.IsAlive(pid)));
    }

    private sealed record Outcomes(int Accepted, int Succeeded, int Cancelled, int Failed);

    private sealed partial class HostProcess : IAsyncDisposable
    {
        private readonly Process process;

        private HostProcess(Process process) => this.process = process;

        public int Pid => process.Id;

        public int ExitCode => process.ExitCode;

        public IReadOnlyList<int> Workers { get; private set; } = [];

        public static async Task<HostProcess> StartAsync(string task, int milliseconds)
        {
            var host = new HostProcess(Process.Start(new ProcessStartInfo(
                TestPool.Program("WorkerHost.TestHost"),
                [TestPool.Program("WorkerHost.TestWorker"), task, milliseconds.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
            })!);
            var busy = await host.SaysAsync("busy");
            host.Workers = [.. busy.Split(' ').Skip(1).Select(n => int.Parse(n, CultureInfo.InvariantCulture)).Where(p => p > 0)];
            return host;
        }

        /// <summary>Its next line, which begins so.</summary>
        public async Task<string> SaysAsync(string beginning)
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TestPool.Patience);
            Assert.StartsWith(beginning, line, StringComparison.Ordinal);
            return line!;
        }

        public async Task<Outcomes> EndAsync()
        {
            var rest = await process.StandardOutput.ReadToEndAsync().WaitAsync(TestPool.Patience);
            await process.WaitForExitAsync().WaitAsync(TestPool.Patience);
            var numbers = Numbers().Match(rest);
            Assert.True(numbers.Success, rest);
            return new Outcomes(Number(1), Number(2), Number(3), Number(4));

            int Number(int group) => int.Parse(numbers.Groups[group].Value, CultureInfo.InvariantCulture);
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        [GeneratedRegex(@"accepted (\d+) succeeded (\d+) cancelled (\d+) failed (\d+)")]
        private static partial Regex Numbers();
    }
}
