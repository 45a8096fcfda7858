namespace WorkerHost.Supervision;

/// <summary>What can happen to a slot. Time is part of the event: the machine has no clock.</summary>
internal abstract record SlotEvent(TimeSpan At)
{
    public sealed record Start(TimeSpan At) : SlotEvent(At);

    public sealed record StopRequested(TimeSpan At) : SlotEvent(At);

    /// <summary>A slot without a process is not needed any more.</summary>
    public sealed record Vacate(TimeSpan At) : SlotEvent(At);

    /// <summary>Belongs to one incarnation and cannot touch another.</summary>
    public abstract record OfIncarnation(TimeSpan At, long Incarnation) : SlotEvent(At);

    /// <summary>Asked for by a user, who may name any incarnation, even one that never was.</summary>
    public abstract record Request(TimeSpan At, long Incarnation, string Reason) : OfIncarnation(At, Incarnation);

    public sealed record Booted(TimeSpan At, long Incarnation) : OfIncarnation(At, Incarnation);

    /// <param name="At">When.</param>
    /// <param name="Incarnation">Which.</param>
    /// <param name="Facts">How.</param>
    /// <param name="Finished">Tasks it finished in its life; null without a ledger.</param>
    /// <param name="Refill">Whether this slot is to be filled again; otherwise it becomes empty.</param>
    public sealed record Exited(TimeSpan At, long Incarnation, ExitFacts Facts, long? Finished, bool Refill = true) : OfIncarnation(At, Incarnation);

    public sealed record BootTimedOut(TimeSpan At, long Incarnation) : OfIncarnation(At, Incarnation);

    public sealed record BackoffElapsed(TimeSpan At, long Incarnation) : OfIncarnation(At, Incarnation);

    /// <param name="At">When.</param>
    /// <param name="Incarnation">Which.</param>
    /// <param name="Running">Tasks it still runs, as far as anyone knows.</param>
    public sealed record DrainTimedOut(TimeSpan At, long Incarnation, int Running = 0) : OfIncarnation(At, Incarnation);

    public sealed record GraceElapsed(TimeSpan At, long Incarnation) : OfIncarnation(At, Incarnation);

    public sealed record RecycleRequested(TimeSpan At, long Incarnation, string Reason) : Request(At, Incarnation, Reason);

    /// <summary>Ready, but of no use to its pool.</summary>
    public sealed record Rejected(TimeSpan At, long Incarnation, string Reason) : Request(At, Incarnation, Reason);

    /// <summary>A recycle will be asked for soon. The crew's affair; for a slot nothing changes.</summary>
    public sealed record ReplacementNeededSoon(TimeSpan At, long Incarnation) : Request(At, Incarnation, "");

    /// <summary>A look at it says that it may not live on; how little time has passed since does not matter.</summary>
    /// <param name="At">When.</param>
    /// <param name="Incarnation">Which.</param>
    /// <param name="Kind">Hang or Limit.</param>
    /// <param name="Reason">In words.</param>
    public sealed record Condemned(TimeSpan At, long Incarnation, LeaveKind Kind, string Reason) : Request(At, Incarnation, Reason);

    public sealed record KillRequested(TimeSpan At, long Incarnation, string Reason, TimeSpan Grace) : Request(At, Incarnation, Reason);
}
