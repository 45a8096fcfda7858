using System.Diagnostics;
using System.Text.Json;

namespace WorkerHost.Quickstart.Tests;

/// <summary>The sample as a person runs it.</summary>
internal static class QuickstartProcess
{
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Quickstart");

    public sealed record Result(int ExitCode, string Output, string Error)
    {
        private JsonElement[]? lines;

        public JsonElement[] Lines => lines ??= [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

        public JsonElement Summary => Lines[^1];

        public IEnumerable<JsonElement> Files => Lines[..^1];
    }

    public static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(Program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = Path.GetTempPath(),
    })!;

    public static async Task<Result> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        return await EndAsync(process);
    }

    /// <summary>By way of another program, such as a shell; the signals mean what they mean by default, whoever runs the tests.</summary>
    public static Process StartBy(string program, IEnumerable<string> arguments, string? temporary = null)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=HUP,INT,TERM", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["TMPDIR"] = temporary ?? Path.GetTempPath();
        return Process.Start(start)!;
    }

    /// <summary>What it says from here on, and how it ends.</summary>
    public static async Task<Result> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Result(process.ExitCode, await output, await error);
    }

    /// <summary>Living workers of this very program; a zombie is dead.</summary>
    public static int[] Workers() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0)
            .Where(pid => pid != 0 && IsLivingWorker(pid)),
    ];

    private static bool IsLivingWorker(int pid)
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return arguments.Contains("--workerhost-worker")
                && arguments[0] == Program
                && File.ReadAllText($"/proc/{pid}/stat").Split(") ", 2)[1][0] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
        {
            return false;
        }
    }
}
