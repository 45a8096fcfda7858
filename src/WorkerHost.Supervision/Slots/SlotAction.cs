namespace WorkerHost.Supervision;

/// <summary>What a slot machine wants done, in this order.</summary>
internal abstract record SlotAction
{
    public sealed record Spawn(long Incarnation) : SlotAction;

    /// <summary>Close the lifeline: finish what you have and go.</summary>
    public sealed record AskToLeave : SlotAction;

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
