using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>Why one task did not end with a result. Immutable.</summary>
public sealed record TaskFailure
{
    /// <summary>What kind of failure.</summary>
    public required TaskFailureKind Kind { get; init; }

    /// <summary>What happened, to whom, and which setting is involved.</summary>
    public required string Message { get; init; }

    /// <summary>The handler's exception with type, message, stack and causes; only with <see cref="TaskFailureKind.TaskFailed"/>.</summary>
    public RemoteError? Error { get; init; }

    /// <summary>The handler marked the failure as worth another try.</summary>
    public bool Retryable { get; init; }

    /// <summary>How long to wait before another try, or null when nobody has an opinion.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Deaths of the workers that had this task, oldest first.</summary>
    public ImmutableArray<DeathReport> Deaths { get; init; } = [];

    /// <summary>The worker that answered or was lost; null when none was involved.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>
    /// What the worker's marks say of the task, with <see cref="TaskFailureKind.WorkerLost"/> and <see cref="TaskFailureKind.Quarantined"/>;
    /// null where no worker was lost. How that worker ended is the last of <see cref="Deaths"/>.
    /// </summary>
    public StartVerdict? Verdict { get; init; }

    /// <summary>It is proven that no handler code ran.</summary>
    public bool NeverStarted { get; init; }

    /// <summary>It is proven that the handler returned, but its result was lost with the worker.</summary>
    public bool RanToCompletion { get; init; }

    /// <summary>It was refused for want of a place, which whoever wants to may wait for.</summary>
    internal bool QueueIsFull { get; init; }

    /// <summary>It was lost with a whole host, not with its worker.</summary>
    internal bool HostWasLost { get; init; }

    /// <summary>It was refused because the pool takes nothing new any more.</summary>
    internal bool PoolIsStopping { get; init; }

    /// <summary>What a gRPC method says beside it: its own choice of a status, trailers. Null: nothing.</summary>
    internal V1.MethodAnswer? Answer { get; init; }
}
