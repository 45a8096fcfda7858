namespace WorkerHost;

/// <summary>What a stop of the pool does with tasks that were accepted before it and have not ended.</summary>
public enum StopMode
{
    /// <summary>Let all of them finish.</summary>
    Finish,

    /// <summary>
    /// Let those finish that run; cancel the others: queued ones and those between two attempts at once, and those that a worker
    /// holds but has not begun as soon as it has given them back. CPython's <c>cancel_futures</c>.
    /// </summary>
    CancelWaiting,

    /// <summary>Cancel all of them, those that run as <see cref="TaskFuture.Cancel"/> does.</summary>
    CancelAll,
}
