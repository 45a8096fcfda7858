namespace WorkerHost;

/// <summary>Where a task is, in the words of <c>concurrent.futures</c>.</summary>
public enum TaskState
{
    /// <summary>Waiting: in the pool's queue, for a retry, or handed to a worker that has not begun it.</summary>
    Pending,

    /// <summary>In a lane of a worker, as far as the pool knows.</summary>
    Running,

    /// <summary>Ended with a result.</summary>
    Succeeded,

    /// <summary>Ended with a <see cref="TaskException"/>.</summary>
    Failed,

    /// <summary>Ended because the caller cancelled it.</summary>
    Cancelled,
}
