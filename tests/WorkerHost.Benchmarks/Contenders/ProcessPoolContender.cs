using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace WorkerHost.Benchmarks;

/// <summary>CPython's ProcessPoolExecutor in a long-lived child that is told when to run a round.</summary>
internal sealed class ProcessPoolContender : IContender
{
    // The distribution's own, whatever else stands first in PATH.
    private const string Python = "/usr/bin/python3";

    private readonly Process? child;
    private int[] pids = [];

    private ProcessPoolContender(Process? child)
    {
        this.child = child;
    }

    public string Name => "process_pool_executor";

    public string RateName => "echo8.process_pool_executor.tasks_per_s";

    public string RateUnit => "tasks/s";

    public bool IsThere => child is not null;

    public string Version { get; private set; } = $"no {Python}: not measured";

    public static async Task<ProcessPoolContender> StartAsync(int workers)
    {
        if (!File.Exists(Python))
        {
            return new ProcessPoolContender(null);
        }

        using var version = Process.Start(new ProcessStartInfo(Python, ["--version"]) { RedirectStandardOutput = true })!;
        var name = (await version.StandardOutput.ReadToEndAsync()).Trim();
        var script = Path.Combine(AppContext.BaseDirectory, "process_pool.py");
        var child = Process.Start(new ProcessStartInfo(Python, ["-I", script, workers.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var contender = new ProcessPoolContender(child) { Version = name };
        var answer = await contender.AskAsync("pids");
        contender.pids = [child.Id, .. answer.GetProperty("pids").EnumerateArray().Select(p => p.GetInt32())];
        return contender;
    }

    public async Task<RoundResult> RunRoundAsync(TimeSpan duration, int inFlight)
    {
        var cpu = ProcessCpu.Seconds(pids);
        var answer = await AskAsync(string.Create(CultureInfo.InvariantCulture, $"round {duration.TotalSeconds} {inFlight}"));
        return new RoundResult(answer.GetProperty("tasks").GetInt64(), answer.GetProperty("seconds").GetDouble(), ProcessCpu.Seconds(pids) - cpu, 0);
    }

    public async ValueTask DisposeAsync()
    {
        if (child is not null)
        {
            child.StandardInput.Close();
            await child.WaitForExitAsync();
            child.Dispose();
        }
    }

    private async Task<JsonElement> AskAsync(string line)
    {
        await child!.StandardInput.WriteLineAsync(line);
        await child.StandardInput.FlushAsync();
        return JsonDocument.Parse(await child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("process_pool.py has ended")).RootElement;
    }
}
