namespace WorkerHost;

/// <summary>
/// The caller's handle on one task. It ends exactly once: with a result, a <see cref="TaskException"/>, or an
/// <see cref="OperationCanceledException"/> after <see cref="Cancel"/>. Thread-safe.
/// </summary>
public abstract partial class TaskFuture
{
    // Made when somebody asks: most callers do not, and it would be a fifth of what a task costs.
    private TaskCompletionSource? settled;
    private volatile bool isSettled;

    private protected TaskFuture()
    {
    }

    /// <summary>The task's id: the caller's, or one the pool made up.</summary>
    public abstract string Id { get; }

    /// <summary>The task's name.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Where the task is. <see cref="TaskState.Running"/> is what the pool concludes from what it sent: a lane may have
    /// begun, or be about to.
    /// </summary>
    public abstract TaskState State { get; }

    /// <summary>The attempts so far with their workers, oldest first; a snapshot.</summary>
    public abstract IReadOnlyList<TaskAttempt> Attempts { get; }

    /// <summary>Whether the task has ended.</summary>
    public bool IsDone => Completion.IsCompleted;

    /// <summary>Ends when the task ends, and as it ends.</summary>
    public abstract Task Completion { get; }

    /// <summary>
    /// Ends when nothing of the task runs anywhere any more; never fails. For a task that ended by itself that is with
    /// its outcome. For one that was cancelled or passed its time limit while running it is when its handler has
    /// returned or its process is gone: the caller hears of the end at once, and here of the stop.
    /// </summary>
    public Task Settled
    {
        get
        {
            if (isSettled)
            {
                return Task.CompletedTask;
            }

            var source = LazyInitializer.EnsureInitialized(ref settled, static () => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

            // It may have settled between the look and the making: then SetSettled did not see the source.
            if (isSettled)
            {
                source.TrySetResult();
            }

            return source.Task;
        }
    }

    /// <summary>The failure, or null while the task has not failed.</summary>
    public TaskFailure? Failure => Completion.IsFaulted && Completion.Exception.InnerException is TaskException e ? e.Failure : null;

    /// <summary>
    /// Cancels the task in whatever state it is: the future ends as cancelled at once. What waits is taken out; what
    /// runs has its token cancelled and, if it does not heed it within the pool's grace, loses its process. Other futures of the
    /// same task (<see cref="TaskOptions.Id"/>) end as cancelled too.
    /// </summary>
    /// <returns>False when the task had ended before.</returns>
    public abstract bool Cancel();

    /// <summary>
    /// Waits, blocking the thread, until the task has ended, however it ends; returns false when
    /// <paramref name="timeout"/> passed first. The task goes on all the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative and not <see cref="Timeout.InfiniteTimeSpan"/>, or longer than 24 days.</exception>
    public bool Wait(TimeSpan timeout)
    {
        if ((timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan) || timeout.TotalMilliseconds > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "the timeout must be from 0 to 24 days, or Timeout.InfiniteTimeSpan");
        }

        try
        {
            return Completion.Wait(timeout);
        }
        catch (AggregateException)
        {
            return true;
        }
    }

    /// <summary>Makes the future awaitable where its result is not of interest: <c>await future;</c></summary>
    public System.Runtime.CompilerServices.TaskAwaiter GetAwaiter() => Completion.GetAwaiter();

    internal void SetSettled()
    {
        isSettled = true;
        Interlocked.MemoryBarrier();
        Volatile.Read(ref settled)?.TrySetResult();
    }
}

/// <summary>A <see cref="TaskFuture"/> with a result: await it, or take its <see cref="Task"/>.</summary>
/// <typeparam name="T">What the task returns.</typeparam>
public sealed class TaskFuture<T> : TaskFuture, Client.ICompletion
{
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Client.DispatchLoop loop;
    private readonly Client.TaskEntry entry;
    private readonly Client.IResultReader<T> reader;
    private readonly Client.PoolIdentity pool;
    private Client.CallbackList? callbacks;

    /// <param name="loop">The pool's.</param>
    /// <param name="entry">The task.</param>
    /// <param name="reader">Reads its result.</param>
    /// <param name="pool">Whose task it is.</param>
    /// <param name="attached">The task has a future already.</param>
    internal TaskFuture(Client.DispatchLoop loop, Client.TaskEntry entry, Client.IResultReader<T> reader, Client.PoolIdentity pool, bool attached = false)
    {
        this.loop = loop;
        this.entry = entry;
        this.reader = reader;
        this.pool = pool;
        if (!attached)
        {
            entry.Completion = this;
        }
    }

    /// <inheritdoc/>
    public override string Id => pool.IdOf(entry);

    /// <inheritdoc/>
    public override string Name => entry.Task;

    /// <inheritdoc/>
    public override TaskState State => completion.Task switch
    {
        { IsCompletedSuccessfully: true } => TaskState.Succeeded,
        { IsCanceled: true } => TaskState.Cancelled,
        { IsFaulted: true } => TaskState.Failed,
        _ => loop.Inspect(entry).Running ? TaskState.Running : TaskState.Pending,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<TaskAttempt> Attempts => loop.Inspect(entry).Attempts;

    /// <summary>The same as a <see cref="Task{TResult}"/>, for everything that takes one.</summary>
    public Task<T> Task => completion.Task;

    /// <inheritdoc/>
    public override Task Completion => completion.Task;

    /// <summary>Makes the future awaitable: <c>var result = await future;</c></summary>
    public new System.Runtime.CompilerServices.TaskAwaiter<T> GetAwaiter() => completion.Task.GetAwaiter();

    /// <summary>For <c>await future.ConfigureAwait(false)</c>.</summary>
    public System.Runtime.CompilerServices.ConfiguredTaskAwaitable<T> ConfigureAwait(bool continueOnCapturedContext) =>
        completion.Task.ConfigureAwait(continueOnCapturedContext);

    /// <summary>Blocks the thread until the task has ended, and gives its result or throws its failure.</summary>
    /// <exception cref="TimeoutException">The <paramref name="timeout"/> passed first; the task goes on.</exception>
    /// <exception cref="TaskException">The task failed.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public T GetResult(TimeSpan timeout)
    {
        if (!Wait(timeout))
        {
            throw new TimeoutException($"task {Name} ({Id}) had not ended after {timeout}; it goes on");
        }

        return completion.Task.GetAwaiter().GetResult();
    }

    /// <summary>Blocks the thread until the task has ended, however long that takes.</summary>
    /// <inheritdoc cref="GetResult(TimeSpan)" path="/exception"/>
    public T GetResult() => completion.Task.GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override bool Cancel() => !completion.Task.IsCompleted && loop.Cancel(entry);

    /// <summary>
    /// Calls <paramref name="callback"/> once when the task has ended; at once, on this thread, if it has. Callbacks
    /// of one future run one after another in the order they were added, on the thread pool; one that throws is
    /// logged and the next runs all the same. They may submit, cancel and stop the pool.
    /// </summary>
    public void AddDoneCallback(Action<TaskFuture<T>> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var list = LazyInitializer.EnsureInitialized(ref callbacks, () => new Client.CallbackList(completion.Task, pool.Logger, Name));
        list.Add(() => callback(this));
    }

    void Client.ICompletion.Complete(in Client.AttemptOutcome outcome)
    {
        entry.Trace?.Ended(outcome);
        if (outcome.Error is { } error)
        {
            completion.TrySetException(error);
        }
        else if (outcome.Failure is { Kind: TaskFailureKind.Cancelled } && entry.Stop is Client.StopReason.Cancelled)
        {
            completion.TrySetCanceled();
        }
        else if (outcome.Failure is { } failure)
        {
            completion.TrySetException(new TaskException(Id, Name, failure));
        }
        else
        {
            Client.ResultReading.Complete(completion, reader, outcome, this);
        }
    }

    void Client.ICompletion.Settle()
    {
        if (completion.Task.IsCompleted)
        {
            SetSettled();
        }
        else
        {
            // A large result is still being decoded, or another thread is about to tell the outcome: that comes first.
            _ = completion.Task.ContinueWith(static (_, f) => ((TaskFuture)f!).SetSettled(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    internal TaskException Undecodable(Exception cause) => new(Id, Name, new TaskFailure
    {
        Kind = TaskFailureKind.BadInput,
        RanToCompletion = true,
        Message = $"the result of task {Name} cannot be read as {typeof(T)}: {cause.Message}",
    });
}
