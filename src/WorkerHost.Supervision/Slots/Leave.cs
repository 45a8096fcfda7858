namespace WorkerHost.Supervision;

/// <summary>Why the supervisor wants a live worker gone.</summary>
internal enum LeaveKind
{
    Recycle,
    Ordered,
    BootTimeout,
    Rejected,
    Hang,
    Limit,
    Stop,
}

/// <summary>A decision to end a live worker.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Reason">The same in the words of whoever asked.</param>
/// <param name="Signalled">A SIGTERM or SIGKILL of ours was sent, so an end by either is ours.</param>
internal sealed record Leave(LeaveKind Kind, string Reason, bool Signalled);
