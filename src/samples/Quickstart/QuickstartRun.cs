namespace WorkerHost.Samples.Quickstart;

/// <summary>One run from the first worker's start to the last file's outcome.</summary>
internal static class QuickstartRun
{
    public static async Task<RunSummary> RunAsync(QuickstartOptions options, IFileReport report)
    {
        var poolOptions = FilePool.Options(options);
        if (options.Chaos is { } pace)
        {
            report.Note(FormattableString.Invariant($"chaos: a random ready worker is killed every {pace.TotalMilliseconds} ms; the pool is set to {FilePool.Describe(poolOptions)}"));
        }

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self(), poolOptions);
        using var finished = new CancellationTokenSource();
        var chaos = Task.CompletedTask;
        var summary = new RunSummary(0, 0, 0, options.Workers, 0, 0);
        try
        {
            report.Begin(options);
            await foreach (var outcome in FilePool.InspectAsync(pool, options.Folder, FolderWalk.Files(options.Folder, options.IsDefaultFolder)))
            {
                summary = summary with
                {
                    Files = summary.Files + 1,
                    Failed = summary.Failed + (outcome.Problem is null ? 0 : 1),
                    Bytes = summary.Bytes + (outcome.Facts?.Size ?? 0),
                };
                report.Add(outcome, FilePool.Deaths(pool));
                if (options.Chaos is { } every && chaos.IsCompleted && outcome.Facts is not null)
                {
                    chaos = Task.Run(() => Chaos.RunAsync(pool, every, new Random(), finished.Token));
                }
            }
        }
        finally
        {
            await finished.CancelAsync();
            await chaos;
        }

        summary = summary with { Deaths = FilePool.Deaths(pool), Seconds = clock.GetElapsedTime(started).TotalSeconds };
        report.End(summary);
        return summary;
    }
}
