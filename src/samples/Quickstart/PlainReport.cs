using System.Globalization;

namespace WorkerHost.Samples.Quickstart;

/// <summary>For people: what failed, and a summary.</summary>
internal sealed class PlainReport(TextWriter output) : IFileReport
{
    private readonly List<FileOutcome> failed = [];

    public void Note(string text) => output.WriteLine(text);

    public void Begin(QuickstartOptions options) => output.WriteLine($"{options.Folder}, {options.Workers} workers");

    public void Add(FileOutcome outcome, long deaths)
    {
        if (outcome.Problem is not null && failed.Count <= MostShown)
        {
            failed.Add(outcome);
        }
    }

    public void End(RunSummary summary)
    {
        foreach (var outcome in failed.Take(MostShown))
        {
            output.WriteLine($"failed: {Harmless(outcome.Path)}: {outcome.Problem!.Kind}: {Harmless(outcome.Problem.Message)}");
        }

        if (summary.Failed > MostShown)
        {
            output.WriteLine($"failed: {summary.Failed - MostShown} more; --json lists them all");
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{summary.Files:N0} files, {summary.Failed:N0} failed, {summary.Bytes / 1e6:N1} MB in {summary.Seconds:0.0} s "
            + $"({summary.Bytes / 1e6 / Math.Max(summary.Seconds, 0.001):N0} MB/s) with {summary.Workers} workers; {summary.Deaths:N0} worker deaths"));
    }

    private const int MostShown = 20;

    // A file name may hold anything, and a terminal would obey it.
    private static string Harmless(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? '\uFFFD' : c));
}
