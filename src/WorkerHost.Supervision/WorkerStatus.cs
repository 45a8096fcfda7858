using WorkerHost.Supervision;

namespace WorkerHost;

/// <summary>What is known of one slot's worker at one moment. Immutable.</summary>
public sealed record WorkerStatus
{
    /// <summary>Which worker: the present one, or the last one where there is none.</summary>
    public required WorkerId Id { get; init; }

    /// <summary>Its process id; 0 when no process is alive.</summary>
    public int Pid { get; init; }

    /// <summary>The process that listens, or will; null when none is alive.</summary>
    internal ProcessIdentity? Process { get; init; }

    /// <summary>Where its slot stands.</summary>
    public required SlotState State { get; init; }

    /// <summary>Ready, but takes no tasks: it waits for a place.</summary>
    public bool IsSpare { get; init; }

    /// <summary>Where it listens: <c>unix:///path</c> or <c>http://127.0.0.1:port</c>; null when no process is alive.</summary>
    public Uri? Address { get; init; }

    /// <summary>When its process was started; null when no process is alive.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it became ready; null when it is not or has not been.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>How long its boot took, by a clock that never jumps; null when it is not or has not been ready.</summary>
    public TimeSpan? BootTime { get; init; }

    /// <summary>
    /// How many tasks it runs, as far as its pool says, or, where that knows nothing of it, as it was seen at the last look (once per
    /// <see cref="LivenessOptions.HeartbeatInterval"/>).
    /// </summary>
    public int RunningTasks { get; init; }

    /// <summary>How many tasks it has finished, as far as its pool says or as it was seen at the last look.</summary>
    public long TasksFinished { get; init; }

    /// <summary>Why it gets no new tasks and is on its way out; null when it is not.</summary>
    public string? LeavingBecause { get; init; }

    /// <summary>
    /// The slot had too many deaths without use: while that is so, a worker that dies is replaced slowly. Closed by a worker
    /// that is of use.
    /// </summary>
    public bool BreakerOpen { get; init; }

    /// <summary>When the next process is started; null unless the slot is backing off or crash-looping.</summary>
    public DateTimeOffset? NextTryAt { get; init; }

    /// <summary>The resident memory of its process at the last look, without its children's; null when not known.</summary>
    public long? ResidentBytes { get; init; }

    /// <summary>
    /// For how long neither its heartbeat nor its number of finished tasks had moved at the last look, or nobody had listened at its address
    /// while it ran nothing, if that is longer; not counting time in which the supervisor
    /// itself stood still; zero for one that moved since the look before. Null when it is not ready.
    /// </summary>
    public TimeSpan? SilentFor { get; init; }

    /// <summary>Silent for <see cref="LivenessOptions.SuspectAfter"/> or longer.</summary>
    public bool IsSuspect { get; init; }

    /// <summary>A debugger or tracer is attached to it: it is neither killed for silence nor recycled.</summary>
    public bool IsBeingDebugged { get; init; }

    /// <summary>How the worker before ended; null when there was none.</summary>
    public DeathReport? LastDeath { get; init; }
}
