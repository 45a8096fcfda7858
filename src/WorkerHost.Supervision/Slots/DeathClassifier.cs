namespace WorkerHost.Supervision;

/// <summary>Names the cause of a death from the facts of the exit and from what the supervisor had done. Pure.</summary>
internal static class DeathClassifier
{
    /// <param name="facts">What the operating system says.</param>
    /// <param name="leave">Why the supervisor wanted it gone; null when it did not.</param>
    /// <param name="wasReady">Whether it had become ready.</param>
    public static DeathCause Classify(ExitFacts facts, Leave? leave, bool wasReady)
    {
        if (!facts.Started)
        {
            return DeathCause.BootFailure;
        }

        switch (leave)
        {
            case { Kind: LeaveKind.Stop }:
                return DeathCause.Stop;
            // A process that is about to crash may lose its session first, and its end be ordered for that.
            case { Kind: LeaveKind.Ordered } when EndedAsAsked(facts, signalled: true):
                return DeathCause.Ordered;
            case { Kind: LeaveKind.Rejected }:
                return DeathCause.BootFailure;
            case { Kind: LeaveKind.BootTimeout }:
                return DeathCause.BootTimeout;
            case { Kind: LeaveKind.Hang } when EndedAsAsked(facts, signalled: true):
                return DeathCause.Hang;
            case { Kind: LeaveKind.Limit } when EndedAsAsked(facts, signalled: true):
                return DeathCause.Limit;
            case { Kind: LeaveKind.Recycle } when EndedAsAsked(facts, leave.Signalled):
                return DeathCause.Recycle;
            case { Kind: LeaveKind.Recycle or LeaveKind.Ordered or LeaveKind.Hang or LeaveKind.Limit } or null:
                return Unasked(facts, wasReady);
            default:
                throw new InvalidOperationException($"no cause for {leave} and {facts}");
        }
    }

    private static DeathCause Unasked(ExitFacts facts, bool wasReady) => facts switch
    {
        { OutOfMemory: true } => DeathCause.OutOfMemory,

        // Before it is ready there is nothing to replace: 75 too is a boot that failed, or it could go on for ever at speed.
        _ when !wasReady => DeathCause.BootFailure,
        { ExitCode: WorkerExitCode.Recycle } => DeathCause.Recycle,
        { ExitCode: 0 } => DeathCause.Exit,
        { ExitCode: not null } => DeathCause.Crash,
        { Signal: { } signal } when SignalNames.IsOfOwnMaking(signal) => DeathCause.Crash,
        { Signal: not null } => DeathCause.Killed,
        _ => DeathCause.Unknown,
    };

    /// <summary>
    /// A worker told to leave may leave with 0, with 75, or, once signalled, in whatever way a SIGTERM ends it
    /// (a runtime without a handler turns it into exit 143). A fault of its own is a crash even then.
    /// </summary>
    private static bool EndedAsAsked(ExitFacts facts, bool signalled) => facts switch
    {
        { OutOfMemory: true } => false,
        { ExitCode: WorkerExitCode.Success or WorkerExitCode.Recycle } => true,
        { Signal: { } signal } => signalled && !SignalNames.IsOfOwnMaking(signal),
        { ExitCode: not null } => signalled,
        _ => true,
    };
}
