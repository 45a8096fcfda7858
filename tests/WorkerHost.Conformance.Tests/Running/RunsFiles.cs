using System.Globalization;
using System.Runtime.InteropServices;

namespace WorkerHost.Conformance.Tests;

/// <summary>The files in which tasks say that they run, and the processes that they name.</summary>
internal static partial class RunsFiles
{
    private static readonly Dictionary<string, int> Signals = new() { ["KILL"] = 9, ["TERM"] = 15, ["STOP"] = 19, ["CONT"] = 18 };

    /// <summary>Whole lines only.</summary>
    public static int Lines(string path) => File.Exists(path) ? File.ReadAllText(path).Count(static c => c == '\n') : 0;

    /// <summary>In the last line that has one.</summary>
    public static int Pid(string path) => File.ReadLines(path)
        .Select(static line => int.TryParse(line.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Last(static pid => pid > 1);

    public static void Signal(int pid, string signal) => _ = SendSignal(pid, Signals[signal]);

    /// <summary>A zombie is not.</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
