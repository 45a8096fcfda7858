namespace WorkerHost;

/// <summary>
/// Thrown where a task has no result to give: by awaiting its future, and by <c>Submit</c> when the task was not
/// accepted. Cancellation by the caller is an <see cref="OperationCanceledException"/> instead.
/// </summary>
public sealed class TaskException : Exception
{
    /// <summary>Makes the exception for a failure of a task.</summary>
    public TaskException(string taskId, string taskName, TaskFailure failure)
        : base(failure.Message)
    {
        TaskId = taskId;
        TaskName = taskName;
        Failure = failure;
    }

    /// <summary>The task's id.</summary>
    public string TaskId { get; }

    /// <summary>The task's name.</summary>
    public string TaskName { get; }

    /// <summary>What kind of failure; the same as <c>Failure.Kind</c>.</summary>
    public TaskFailureKind Kind => Failure.Kind;

    /// <summary>Everything known about it.</summary>
    public TaskFailure Failure { get; }

    /// <summary>The message, and for a handler's exception also its remote stack and causes.</summary>
    public override string ToString() => Failure.Error is null
        ? base.ToString()
        : $"{base.ToString()}\n--- in the worker ---\n{Failure.Error}";
}
