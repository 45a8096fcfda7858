namespace WorkerHost;

/// <summary>
/// A task that yields items, and its items while it runs: <c>await foreach (var item in pool.Stream&lt;Page&gt;("render", [url]))</c>.
/// The items come in the order in which the handler yielded them, each once; then the loop ends as the task did, with the task's
/// <see cref="TaskException"/> or <see cref="OperationCanceledException"/> if it failed or was cancelled. One loop can have them. Leaving
/// it early cancels the task.
/// <para>
/// As a future it has the facts of its task. It ends when the handler has: there may be items then that nobody has taken, and they can be
/// taken still. While nobody takes them the handler waits, as soon as there is no room for more, and keeps its lane: a stream that is
/// not wanted any more has to be cancelled.
/// </para>
/// Thread-safe, but for the loop.
/// </summary>
/// <typeparam name="T">What the handler yields.</typeparam>
public sealed class TaskStream<T> : TaskFuture, IAsyncEnumerable<T>, Client.ICompletion
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Client.DispatchLoop loop;
    private readonly Client.TaskEntry entry;
    private readonly Client.IResultReader<T> reader;
    private readonly Client.PoolIdentity pool;
    private readonly Client.ItemBuffer items;
    private int enumerated;

    internal TaskStream(Client.DispatchLoop loop, Client.TaskEntry entry, Client.ItemBuffer items, Client.IResultReader<T> reader, Client.PoolIdentity pool)
    {
        this.loop = loop;
        this.entry = entry;
        this.items = items;
        this.reader = reader;
        this.pool = pool;
        items.GiveBack = (count, bytes) => loop.Grant(entry, count, bytes);
        entry.Completion = this;
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

    /// <inheritdoc/>
    public override Task Completion => completion.Task;

    /// <inheritdoc/>
    public override bool Cancel() => !completion.Task.IsCompleted && loop.Cancel(entry);

    /// <summary>The items, for one loop.</summary>
    /// <param name="cancellationToken">Ends the loop and so the task.</param>
    /// <exception cref="InvalidOperationException">Another loop has them.</exception>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) => Interlocked.Exchange(ref enumerated, 1) == 0
        ? new Loop(this, EachAsync(cancellationToken))
        : throw new InvalidOperationException($"the items of task {Name} ({Id}) come once, and another loop has them; call Stream again to have the task run again");

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
            completion.TrySetResult();
        }

        items.Complete();
    }

    void Client.ICompletion.Settle() => SetSettled();

    /// <summary>An item is of no use, so the task is not either.</summary>
    internal TaskException Spoilt(string message)
    {
        var exception = new TaskException(Id, Name, new TaskFailure { Kind = TaskFailureKind.BadInput, Message = message });
        if (completion.TrySetException(exception))
        {
            // Whoever leaves the loop with it need not look at the future as well.
            _ = completion.Task.Exception;
            loop.Cancel(entry);
            items.Complete();
        }

        return exception;
    }

    private async IAsyncEnumerator<T> EachAsync(CancellationToken cancellationToken)
    {
        while (await items.WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            while (items.TryTake(out var item))
            {
                yield return Read(item.Data, item.ContentType);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        await completion.Task.ConfigureAwait(false);
    }

    private T Read(ReadOnlyMemory<byte> data, string contentType)
    {
        try
        {
            return reader.Read(data, contentType);
        }
        catch (Exception e)
        {
            throw Spoilt($"an item of task {Name} cannot be read as {typeof(T)}: {e.Message}");
        }
    }

    /// <summary>Cancels the task when it is left, also before its first step, where an iterator's finally block would not run.</summary>
    private sealed class Loop(TaskStream<T> stream, IAsyncEnumerator<T> each) : IAsyncEnumerator<T>
    {
        public T Current => each.Current;

        public ValueTask<bool> MoveNextAsync() => each.MoveNextAsync();

        public async ValueTask DisposeAsync()
        {
            stream.Cancel();
            await each.DisposeAsync().ConfigureAwait(false);
        }
    }
}
