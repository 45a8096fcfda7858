using System.Globalization;

namespace WorkerHost.Samples.Quickstart;

/// <summary>A line per file: digest, size, lines, path. Then the summary.</summary>
internal sealed class ListReport(QuickstartOptions options) : LineReport(options)
{
    public override void Add(FileOutcome outcome) => Output.WriteLine(
        outcome.Facts is { } facts
            ? string.Create(CultureInfo.InvariantCulture, $"{facts.Sha256} {facts.Size,12} {facts.Lines,10}  {outcome.File.Shown}")
            : Failed(outcome));

    public override void End(RunSummary summary)
    {
        Output.WriteLine(summary.ToString());
        Output.Flush();
    }

    public static string Failed(FileOutcome outcome) =>
        $"failed: {outcome.File.Shown}: {outcome.Problem?.Kind}: {FileName.Escape(outcome.Problem?.Message ?? "")}";
}
