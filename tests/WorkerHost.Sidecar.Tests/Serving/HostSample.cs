using System.Globalization;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>What a host holds of the machine at one moment.</summary>
internal sealed record HostSample(double ResidentMegabytes, double HeapMegabytes, double CommittedMegabytes, int Handles, int Sockets, int Threads, int TemporaryFiles)
{
    /// <param name="host">Which.</param>
    /// <param name="metrics">To its admin plane.</param>
    public static async Task<HostSample> TakeAsync(RunningHost host, HttpClient metrics)
    {
        var text = await metrics.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var handles = Directory.GetFiles($"/proc/{host.Pid}/fd");
        return new HostSample(
            Field(File.ReadAllLines($"/proc/{host.Pid}/status"), "VmRSS:") / 1024,
            Field(text.Split('\n'), "process_managed_heap_usage_bytes") / 1024 / 1024,
            Field(text.Split('\n'), "process_managed_heap_committed_bytes") / 1024 / 1024,
            handles.Length,
            handles.Count(static h => Target(h)?.StartsWith("socket:", StringComparison.Ordinal) == true),
            (int)Field(File.ReadAllLines($"/proc/{host.Pid}/status"), "Threads:"),
            FilesIn(host.Temporary));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{ResidentMegabytes:0} MiB resident, {HeapMegabytes:0} of {CommittedMegabytes:0} MiB heap, {Handles} handles, {Sockets} of them sockets, {Threads} threads, {TemporaryFiles} temporary files and directories");

    private static double Field(string[] lines, string name) => double.Parse(
        lines.Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static int FilesIn(string directory) => Directory.EnumerateFileSystemEntries(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Count();

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
