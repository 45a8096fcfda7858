namespace WorkerHost.Supervision;

/// <summary>How a run ended, as its slot's restart policy sees it: each kind has an account of its own.</summary>
internal enum RunKind
{
    /// <summary>It never became of use to anybody: not started, dead or too slow before it was ready, or rejected by its pool.</summary>
    FailedBoot,

    /// <summary>It was ready and ended without anybody wanting it to: exit, signal, out of memory, hang.</summary>
    Died,

    /// <summary>The supervisor replaced it: a limit, a rolling restart, a drain.</summary>
    Recycled,

    /// <summary>It was ready and asked to be replaced, by exit code 75.</summary>
    AskedToBeRecycled,

    /// <summary>Its pool had it killed, for the sake of a task.</summary>
    Ordered,

    /// <summary>It says, by exit code 78, that no start can succeed before its configuration changes.</summary>
    Misconfigured,
}
