namespace WorkerHost.Samples.Quickstart;

/// <summary>One run from the first worker's start to the last file's outcome.</summary>
internal static class QuickstartRun
{
    /// <summary>Cancelled, it reports what is done so far; in any case no worker is left.</summary>
    public static async Task<RunSummary> RunAsync(QuickstartOptions options, IFileReport report, CancellationToken cancellationToken)
    {
        var poolOptions = FileInspection.Options(options);
        if (options.Chaos is { } ms)
        {
            StandardError.Tell(FormattableString.Invariant($"chaos: a random ready worker is killed every {ms.TotalMilliseconds} ms; the pool is set to {FileInspection.Describe(poolOptions)}"));
        }

        var summary = new RunSummary(options.Workers);
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self(), poolOptions, cancellationToken);
            using var finished = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var inspection = new FileInspection(pool, options.Folder);
            var progress = new RunProgress(inspection, options.Workers, started);
            var watching = report.WatchAsync(progress, finished.Token);
            Task? chaos = null;
            try
            {
                await foreach (var outcome in inspection.OutcomesAsync(FolderWalk.Files(options.Folder, options.IsDefaultFolder), cancellationToken))
                {
                    progress.Add(outcome);
                    report.Add(outcome);
                    if (options.Chaos is { } pace && outcome.Facts is not null)
                    {
                        chaos ??= Task.Run(() => Chaos.RunAsync(pool, pace, progress, new Random(), finished.Token), CancellationToken.None);
                    }
                }
            }
            finally
            {
                summary = progress.SoFar;
                await finished.CancelAsync();
                await Task.WhenAll(watching, chaos ?? Task.CompletedTask);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            summary = summary with { Cancelled = true };
        }

        report.End(summary);
        return summary;
    }
}
