using System.Globalization;

namespace WorkerHost.ConformanceWorker;

/// <summary>The file in which a task says that it runs: a line for each attempt.</summary>
internal static class RunsFile
{
    /// <summary>Nothing where there is no path.</summary>
    public static void Began(string path, int attempt)
    {
        if (path.Length > 0)
        {
            Append(path, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {attempt}"));
        }
    }

    public static void Append(string path, string line) => File.AppendAllText(path, line + "\n");

    /// <summary>How many attempts have begun; none where there is no path.</summary>
    public static int Lines(string path) => path.Length > 0 ? File.ReadLines(path).Count() : 0;
}
