namespace WorkerHost.Supervision;

/// <summary>Puts together what is known of a death. Pure.</summary>
internal static class DeathReports
{
    public static DeathReport Make(SlotAction.Report action, SupervisorMessage.Exited exited, WorkerLoad load, string? oomHint, DateTimeOffset today) => new()
    {
        Worker = exited.Id,
        Pid = exited.Worker?.Pid ?? 0,
        Time = today,
        ReadyFor = action.ReadyFor,
        Uptime = exited.Worker?.Uptime ?? TimeSpan.Zero,
        Cause = action.Cause,
        ExitCode = exited.Facts.ExitCode,
        Signal = exited.Facts.Signal is { } signal ? SignalNames.Name(signal) : null,
        Reason = Reason(action, exited, oomHint),
        RunningTasks = exited.Worker is { } dead && load.RunningBy is { } by ? by(dead.Evidence) : load.RunningTasks,
        LastOutput = exited.Worker?.LastOutput ?? [],
        PeakMemoryBytes = Largest(exited.PeakMemoryBytes, exited.Worker?.SeenPeakMemory),
        TasksFinished = exited.Worker?.Evidence.Finished ?? (load.Finished > 0 ? load.Finished : null),
        BootSteps = FailedToBoot(action) ? exited.Worker?.Steps.Reached ?? [] : [],
        Next = action.Next,
        NextTryIn = action.NextIn,
    };

    private static long? Largest(params ReadOnlySpan<long?> figures)
    {
        long? largest = null;
        foreach (var figure in figures)
        {
            largest = largest is null || figure > largest ? figure : largest;
        }

        return largest;
    }

    private static bool FailedToBoot(SlotAction.Report action) =>
        action.ReadyFor is null || action.Cause is DeathCause.BootTimeout or DeathCause.BootFailure;

    /// <summary>A program that ends by itself and never opened its socket is hardly a worker; that its socket was missing is then no news.</summary>
    private static string? WhyNotReady(SlotAction.Report action, ExitFacts facts, WorkerProcess worker) =>
        action.Cause != DeathCause.BootFailure || worker.Steps.HasReached(BootSteps.Connected) ? worker.Steps.LastAnswer
        : worker.Evidence.Stage == LedgerStage.Created && facts.ExitCode is not null ? "it ended without having served anything; is the command a worker (WorkerApplication)?"
        : null;

    private static string? Reason(SlotAction.Report action, SupervisorMessage.Exited exited, string? oomHint)
    {
        var parts = new List<string>();
        if (action.Reason is not null)
        {
            parts.Add(action.Reason);
        }

        if (action.Cause == DeathCause.OutOfMemory && exited.Worker?.Plan.Isolation.Options.MemoryLimitBytes is { } limit)
        {
            parts.Add($"it and what it had started wanted more than {SizeText.Of(limit)} ({exited.Worker.Plan.Isolation.Options.Names["Isolation.MemoryLimitBytes"]})");
        }

        if (oomHint is not null)
        {
            parts.Add(oomHint);
        }

        if (exited.Facts.CoreDumped)
        {
            parts.Add("core dumped");
        }

        if (FailedToBoot(action) && exited.Worker is { Pid: not 0 } worker && WhyNotReady(action, exited.Facts, worker) is { } why)
        {
            parts.Add(why);
        }

        if (action.Cause == DeathCause.Exit && exited.Worker?.Evidence.Stage == LedgerStage.Draining)
        {
            parts.Add("it had drained: somebody sent it SIGTERM");
        }

        return parts.Count == 0 ? null : string.Join("; ", parts);
    }
}
