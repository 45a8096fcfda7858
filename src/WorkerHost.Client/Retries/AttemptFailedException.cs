namespace WorkerHost;

/// <summary>
/// What a resilience pipeline of the user's (<c>WorkerPoolOptions.AttemptPipeline</c>) sees when an attempt fails.
/// It never leaves the pool: callers get a <see cref="TaskException"/>.
/// </summary>
public sealed class AttemptFailedException : Exception
{
    internal AttemptFailedException(Client.TaskEntry entry, TaskFailure failure)
        : base(failure.Message)
    {
        TaskName = entry.Task;
        Attempt = entry.Attempt;
        Failure = failure;
    }

    /// <summary>The task's name.</summary>
    public string TaskName { get; }

    /// <summary>Which attempt failed, from 1.</summary>
    public int Attempt { get; }

    /// <summary>How it failed.</summary>
    public TaskFailure Failure { get; }
}
