namespace WorkerHost.Samples.Quickstart;

/// <summary>Where outcomes go as they come.</summary>
internal interface IFileReport
{
    /// <summary>Shows where the run stands until the token is cancelled, which is no failure.</summary>
    Task WatchAsync(RunProgress progress, CancellationToken cancellationToken);

    void Add(FileOutcome outcome);

    void End(RunSummary summary);
}

/// <summary>Picks the report for what a person asked for and where stdout goes.</summary>
internal static class FileReport
{
    public static IFileReport To(QuickstartOptions options) =>
        options.Json ? new JsonReport(options)
        : Console.IsOutputRedirected ? new ListReport(options)
        : new TerminalReport(options);
}
