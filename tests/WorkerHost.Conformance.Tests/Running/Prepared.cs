using System.Collections.Concurrent;
using System.Diagnostics;

namespace WorkerHost.Conformance.Tests;

/// <summary>Commands of workers.json and clients.json, with what stands in braces put in its place.</summary>
internal static class Prepared
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Done = [];

    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Skips the test, or fails it where CI=true, if a tool is missing.</summary>
    public static void Demand(IEnumerable<string> tools)
    {
        foreach (var tool in tools)
        {
            RequiredTool.Demand(tool.StartsWith('/') ? Path.Exists(tool) : Find(tool) is not null, tool);
        }
    }

    public static async Task<WorkerCommand> CommandAsync(IReadOnlyList<string> command, Dictionary<string, string> environment, IReadOnlyList<string> prepare)
    {
        var prepared = prepare is [] ? "" : await Done.GetOrAdd(string.Join('\0', prepare), _ => new Lazy<Task<string>>(() => RunAsync([.. prepare.Select(p => Filled(p, ""))]))).Value;
        return WorkerCommand.Create(Filled(command[0], prepared), [.. command.Skip(1).Select(a => Filled(a, prepared))]) with
        {
            Environment = [.. environment.Select(v => KeyValuePair.Create(v.Key, Filled(v.Value, prepared)))],
        };
    }

    private static string Filled(string text, string prepared) => text
        .Replace("{root}", RepositoryRoot.Path, StringComparison.Ordinal)
        .Replace("{configuration}", Configuration, StringComparison.Ordinal)
        .Replace("{prepared}", prepared, StringComparison.Ordinal);

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private static async Task<string> RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = RepositoryRoot.Path })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("")
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await error}{await output}");
    }
}
