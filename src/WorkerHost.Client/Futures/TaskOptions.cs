namespace WorkerHost;

/// <summary>What a caller may say about one task. Immutable; one object can serve many tasks.</summary>
public sealed record TaskOptions
{
    internal static TaskOptions Default { get; } = new();

    /// <summary>
    /// The task's id, for logs and reports. Null: the pool makes one up. The same id again is the same task: submitted while it
    /// waits or runs, or within <see cref="WorkerPoolOptions.KeptOutcomes"/> after its end, it is not run again; the new future has
    /// the outcome of the one task, whatever its other options say. Its name and its payload must be the same (told by
    /// a hash). What provably never ran may be submitted again.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>
    /// How long the task may take from when the pool has accepted it, waiting in the queue and all attempts together; null: no limit.
    /// What <c>SubmitAsync</c> waits for a place does not count. When it has passed the
    /// future ends with <see cref="TaskFailureKind.DeadlineExceeded"/> and a running task is stopped: its token is
    /// cancelled, and a handler that does not heed it within the pool's grace loses its process. One that has passed in the queue
    /// is never sent to a worker, and one that cannot be met is refused at once (<see cref="WorkerPoolOptions.AdmitByDeadline"/>).
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>
    /// Which waiting task goes first; default <see cref="TaskPriority.Normal"/>. It counts in the pool's queue: what a worker
    /// holds already, at most a round trip's worth of short tasks, is not overtaken, and nothing that runs is interrupted.
    /// Another attempt, and what came back unstarted, goes before all others of its priority and caller. All priorities share
    /// <see cref="WorkerPoolOptions.QueueCapacity"/>, and whoever waits for a place in a full queue waits in the order of coming.
    /// </summary>
    public TaskPriority Priority { get; init; }

    /// <summary>
    /// Tasks with the same key go to the same worker when it has a free lane, for the sake of what it has in memory: a cache, a model, a
    /// connection. Null, the default: to whichever is least busy. 1 to 1024 characters. It is a preference and never a wait: a task whose worker is busy goes to
    /// another at once. Where many tasks wait, one with a key may be overtaken, at most 16 times, by others with keys that prefer the worker that falls free. Which worker
    /// that is follows from the key and the workers' slots alone: it stays the same when a worker is replaced, and when slots come or
    /// go only their share of the keys moves. A pool over several hosts chooses the host by it, and the host the worker.
    /// </summary>
    public string? AffinityKey
    {
        get;
        init
        {
            field = value;
            AffinityHash = value is null ? 0 : Client.Affinity.Hash(value);
        }
    }

    /// <summary>0: there is no key.</summary>
    internal ulong AffinityHash { get; private init; }

    /// <summary>
    /// Running the task twice does no harm: it may be tried again when its worker died and it may have run. Default false.
    /// </summary>
    public bool Idempotent { get; init; }

    /// <summary>Attempts in all, 1 or more; null: the pool's setting. Redispatches of a task that never started are free.</summary>
    public int? Attempts { get; init; }

    /// <summary>
    /// The pipeline in <c>WorkerPoolOptions.AttemptPipelines</c> that wraps every attempt of this task; null: that of
    /// <c>WorkerPoolOptions.AttemptPipeline</c>, if there is one. A name that is not there is refused with
    /// <see cref="TaskFailureKind.BadInput"/>.
    /// </summary>
    public string? AttemptPipeline { get; init; }

    /// <summary>
    /// Handed to the handler as they are, at most 32 KiB: names and values in UTF-8, and 8 bytes more for each. Copied here: what is
    /// changed later in the dictionary does not count.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Headers
    {
        get;
        init => field = value is null ? null : new Dictionary<string, string>(value).AsReadOnly();
    }

    /// <summary>
    /// Told how far the task is whenever its handler says so (<c>TaskContext.Report</c>); null: nobody asks. Called on the thread pool
    /// (<see cref="Progress{T}"/> posts to the context where it was made), one report at a time and in order; while it is at work the newest
    /// report waits and those before it are left out. The last report may come a moment after the future's end. What it throws is
    /// logged. Of several submissions of one <see cref="Id"/> the first one's is told.
    /// </summary>
    public IProgress<TaskProgress>? Progress { get; init; }

    internal void Validate()
    {
        if (TimeLimit is { } limit && limit <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(TimeLimit), limit, "TaskOptions.TimeLimit must be more than zero, or null for no limit");
        }

        if (Attempts is { } attempts && attempts < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(Attempts), attempts, "TaskOptions.Attempts must be 1 or more, or null for the pool's setting");
        }

        if (Priority is < TaskPriority.Lowest or > TaskPriority.Highest)
        {
            throw new ArgumentOutOfRangeException(nameof(Priority), Priority, "TaskOptions.Priority must be one of TaskPriority, from Lowest (-2) to Highest (2)");
        }

        if (Headers is { } headers && headers.Any(static h => h.Value is null))
        {
            throw new ArgumentException("TaskOptions.Headers has a value that is null; leave the header out instead", nameof(Headers));
        }

        if (AffinityKey is { Length: 0 or > ProtocolLimits.MaxNameLength } key)
        {
            throw new ArgumentException($"TaskOptions.AffinityKey must have 1 to {ProtocolLimits.MaxNameLength} characters, this one has {key.Length}; null for none", nameof(AffinityKey));
        }

        if (Id is { Length: 0 or > ProtocolLimits.MaxNameLength })
        {
            throw new ArgumentException($"TaskOptions.Id must have 1 to {ProtocolLimits.MaxNameLength} characters, this one has {Id.Length}", nameof(Id));
        }
    }
}
