namespace WorkerHost.Samples.Quickstart;

/// <summary>Where outcomes go as they come.</summary>
internal interface IFileReport
{
    void Note(string text);

    void Begin(QuickstartOptions options);

    void Add(FileOutcome outcome, long deaths);

    void End(RunSummary summary);
}

/// <summary>Picks the report for what a person asked for and where stdout goes.</summary>
internal static class FileReport
{
    public static IFileReport To(QuickstartOptions options) =>
        options.Json ? new JsonReport(Console.OpenStandardOutput(), Console.Error)
        : Console.IsOutputRedirected ? new PlainReport(Console.Out)
        : new TerminalReport(new PlainReport(Console.Out));
}
