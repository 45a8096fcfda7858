namespace WorkerHost.Samples.Quickstart;

/// <summary>Line by line on stdout, for programs and files; under chaos stderr tells from time to time why it goes on.</summary>
internal abstract class LineReport(QuickstartOptions options) : IFileReport
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(5);

    protected StandardOutput Output { get; } = new();

    public async Task WatchAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        while (options.Chaos is not null && await Ticks.NextAsync(Pace, cancellationToken))
        {
            var soFar = progress.SoFar;
            StandardError.Tell($"chaos: {RunSummary.Count(soFar.Files, "file")} done, {RunSummary.Count(soFar.Deaths, "worker death")}{progress.TriedAgain()}");
        }
    }

    public abstract void Add(FileOutcome outcome);

    public abstract void End(RunSummary summary);
}
