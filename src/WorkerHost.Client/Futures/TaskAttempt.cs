namespace WorkerHost;

/// <summary>One try of a task on one incarnation of a worker. Immutable.</summary>
/// <param name="Number">From 1. A redispatch of a task that provably never started does not raise it.</param>
/// <param name="Worker">Where it was sent.</param>
/// <param name="Pid">The worker's process id; 0 when unknown.</param>
/// <param name="Failure">How it failed; null while it runs, when it succeeded, and when it was stopped after the task had ended.</param>
public sealed record TaskAttempt(int Number, WorkerId Worker, int Pid, TaskFailure? Failure)
{
    /// <summary>
    /// When it was written to its worker; null while it is not. By the wall clock at the pool's start and the monotonic clock
    /// since, so that differences are exact whoever sets the clock.
    /// </summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>
    /// When its outcome arrived, or its worker was both read to the end and observed dead; null while it is under way. No later
    /// attempt of the task is sent before. The same clock as <see cref="SentAt"/>.
    /// </summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it ended.</summary>
    public AttemptEnd End { get; init; }

    /// <summary>How its worker died, when that is what ended the attempt.</summary>
    public DeathReport? Death => Failure is { Deaths: [.., var last] } ? last : null;
}

/// <summary>How one attempt of a task ended.</summary>
public enum AttemptEnd
{
    /// <summary>It has not.</summary>
    UnderWay = 0,

    /// <summary>With the task's result.</summary>
    Succeeded = 1,

    /// <summary>With a failure that the worker reported.</summary>
    Failed = 2,

    /// <summary>It was told to stop (a cancellation, a time limit, the attempt pipeline), and its handler returned.</summary>
    Stopped = 3,

    /// <summary>Its worker was lost, whether by itself, by a kill from outside or because the attempt did not heed its stop.</summary>
    Lost = 4,
}
