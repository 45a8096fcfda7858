namespace WorkerHost;

/// <summary>Why a task did not end with a result. The numbers are those of <c>workerhost.v1.TaskFailureKind</c>.</summary>
public enum TaskFailureKind
{
    /// <summary>Never used for an outcome.</summary>
    Unspecified = 0,

    /// <summary>The handler threw; gRPC status <c>UNKNOWN</c>.</summary>
    TaskFailed = 1,

    /// <summary>No handler of that name; <c>UNIMPLEMENTED</c>. Never started.</summary>
    UnknownTask = 2,

    /// <summary>
    /// The payload or its content type cannot be used; <c>INVALID_ARGUMENT</c>. The handler was not called. Or the result cannot
    /// be read as the type the caller named: then <c>TaskFailure.RanToCompletion</c> is true.
    /// </summary>
    BadInput = 3,

    /// <summary>Cancelled by the caller; <c>CANCELLED</c>.</summary>
    Cancelled = 4,

    /// <summary>The time limit passed; <c>DEADLINE_EXCEEDED</c>.</summary>
    DeadlineExceeded = 5,

    /// <summary>Refused and never started: queue full or time limit that cannot be met (<c>RESOURCE_EXHAUSTED</c>), or draining (<c>UNAVAILABLE</c>).</summary>
    Rejected = 6,

    /// <summary>No worker can be had; <c>UNAVAILABLE</c>. Never started.</summary>
    NoWorkers = 7,

    /// <summary>The worker was lost while the task may have run; <c>ABORTED</c>.</summary>
    WorkerLost = 8,

    /// <summary>The task killed several workers and is not tried again; <c>FAILED_PRECONDITION</c>.</summary>
    Quarantined = 9,
}
