using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace WorkerHost.Conformance.Tests;

/// <summary>A runner of clients.json, started once for its quick cases and once for its slow ones.</summary>
public sealed class ForeignRunner<TKind>(ReferenceHost host) : IAsyncLifetime
    where TKind : IKind
{
    private readonly ConcurrentDictionary<bool, Lazy<Task<Run>>> runs = [];
    private readonly CaseDirectory directory = new();
    private readonly ConcurrentBag<Process> processes = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
        }

        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    internal async Task JudgeAsync(string theme, string name, bool slow)
    {
        var kind = Suite.Client(TKind.Name);
        Prepared.Demand(kind.Tools);
        var run = await runs.GetOrAdd(slow, _ => new Lazy<Task<Run>>(() => RunAsync(kind, slow))).Value;
        var line = run.Lines.GetValueOrDefault($"{theme}/{name}");
        Assert.True(line is not null, $"the runner said nothing of this case; it ended with {run.ExitCode}: {run.Error}");
        Assert.True(line.Passed, line.Message);
    }

    private async Task<Run> RunAsync(ClientKind kind, bool slow)
    {
        var targets = Path.Combine(directory.Path, slow ? "slow.json" : "quick.json");
        await File.WriteAllTextAsync(targets, (await host.TargetsAsync(kind.Name)).ToJsonString());
        var command = await Prepared.CommandAsync(kind.Command, kind.Environment, kind.Prepare);
        var start = new ProcessStartInfo(command.FileName, [.. command.Arguments, targets, Suite.CasesFolder, slow ? "1" : "0"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["WORKERHOST_CONFORMANCE_NAME"] = kind.Name;
        var process = Process.Start(start)!;
        processes.Add(process);
        var error = process.StandardError.ReadToEndAsync();
        var lines = new Dictionary<string, Line>();
        while (await process.StandardOutput.ReadLineAsync() is { } text)
        {
            var line = JsonSerializer.Deserialize<Line>(text, CaseFile.Strict)!;
            lines.Add(line.Case, line);
        }

        await process.WaitForExitAsync();
        return new Run(lines, process.ExitCode, await error);
    }

    private sealed record Line(string Case, bool Passed, string Message);

    private sealed record Run(Dictionary<string, Line> Lines, int ExitCode, string Error);
}
