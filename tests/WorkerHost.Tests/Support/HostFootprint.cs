using System.Globalization;

namespace WorkerHost.Tests;

/// <summary>What this process holds of the system, to be compared before and after.</summary>
internal sealed record HostFootprint(double MemoryMegabytes, double HeapMegabytes, int Handles, int Sockets, int Threads, int Files)
{
    /// <param name="directory">The supervisor's, whose files and directories are counted.</param>
    public static HostFootprint Now(string directory)
    {
        // What is garbage is no leak.
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true);
            GC.WaitForPendingFinalizers();
        }

        var status = File.ReadAllLines("/proc/self/status");
        var handles = Directory.GetFiles("/proc/self/fd");
        return new HostFootprint(
            Field(status, "VmRSS:") / 1024,
            GC.GetTotalMemory(forceFullCollection: true) / 1024.0 / 1024,
            handles.Length,
            handles.Count(static h => Target(h)?.StartsWith("socket:", StringComparison.Ordinal) == true),
            (int)Field(status, "Threads:"),
            FilesIn(directory));
    }

    public static int FilesIn(string directory)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Count();
        }
        catch (DirectoryNotFoundException)
        {
            // One of them was deleted while they were counted.
            return -1;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{MemoryMegabytes:0.0} MiB resident, {HeapMegabytes:0.0} MiB heap, {Handles} handles, {Sockets} of them sockets, {Threads} threads, {Files} files and directories");

    private static double Field(string[] status, string name) => double.Parse(
        Array.Find(status, l => l.StartsWith(name, StringComparison.Ordinal))!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private static string? Target(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.Name;
        }
        catch (IOException)
        {
            // Closed since the listing.
            return null;
        }
    }
}
