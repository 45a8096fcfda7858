namespace WorkerHost.Supervision;

/// <summary>What a slot machine wants done, in this order.</summary>
internal abstract record SlotAction
{
    public sealed record Spawn(long Incarnation) : SlotAction;

    /// <summary>Close the lifeline: finish what you have and go.</summary>
    /// <param name="InItsOwnTime">Its work may take as long as it takes; a worker that can hear it is told so.</param>
    public sealed record AskToLeave(bool InItsOwnTime) : SlotAction;

    /// <summary>SIGTERM to the worker itself: what it started may be needed to finish.</summary>
    public sealed record Terminate : SlotAction;

    /// <summary>SIGKILL to the worker's whole group.</summary>
    public sealed record KillGroup : SlotAction;

    /// <summary>Starts the slot's one timer; replaces the one that ran.</summary>
    public sealed record SetTimer(SlotTimer Kind, TimeSpan Delay) : SlotAction;

    public sealed record CancelTimer : SlotAction;

    /// <summary>Make the death report of this incarnation.</summary>
    /// <param name="Incarnation">Of which.</param>
    /// <param name="Cause">Why it ended.</param>
    /// <param name="Reason">The same in words, where there is something to add.</param>
    /// <param name="Next">What happens next, in words.</param>
    /// <param name="NextIn">From the death until its slot starts the next; null: it will not by itself.</param>
    /// <param name="ReadyFor">From ready to the end; null: it never was.</param>
    public sealed record Report(long Incarnation, DeathCause Cause, string? Reason, string Next, TimeSpan? NextIn, TimeSpan? ReadyFor) : SlotAction;

    /// <summary>It is replaced as planned, works on after its time for draining, and is let do so. Once per incarnation.</summary>
    /// <param name="Incarnation">Which.</param>
    /// <param name="For">Since it was asked to leave.</param>
    /// <param name="Running">Tasks it still runs.</param>
    public sealed record SayOverdue(long Incarnation, TimeSpan For, int Running) : SlotAction;

    /// <summary>Even SIGKILL did not end it in time; it is left behind and named.</summary>
    public sealed record Abandon(long Incarnation) : SlotAction;
}

/// <summary>A slot has one timer at a time; this is what it means.</summary>
internal enum SlotTimer
{
    Boot,
    Drain,
    Grace,
    Backoff,

    /// <summary>Decides nothing: what time alone has changed is to be shown.</summary>
    Probation,
}
