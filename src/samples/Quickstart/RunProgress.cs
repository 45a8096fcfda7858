namespace WorkerHost.Samples.Quickstart;

/// <summary>Where a run stands: written by the run, read by whoever shows it. It started when its workers were.</summary>
internal sealed class RunProgress(FileInspection inspection, int workers, long started)
{
    private RunSummary outcomes = new(workers);

    public RunSummary SoFar => Volatile.Read(ref outcomes) with { Deaths = inspection.Deaths, Seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds };

    public void Add(FileOutcome outcome) => Volatile.Write(ref outcomes, outcomes.With(outcome));

    /// <summary>Which file under way has been tried most often, in words; empty while none had to be tried again.</summary>
    public string TriedAgain() => inspection.MostTried() is ({ } file, > 1 and var attempts)
        ? FormattableString.Invariant($"; attempt {attempts} of {FileInspection.MostAttempts} at {file.Shown}")
        : "";
}
