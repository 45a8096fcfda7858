namespace WorkerHost.Client;

/// <summary>
/// A task with an id of the caller's: whoever submits the id again gets a future of the same task, while it runs and for
/// some time after. Stands between the dispatcher and the futures, and tells each of them. Thread-safe.
/// </summary>
internal sealed class SharedTask(TaskEntry entry, KnownTasks known) : ICompletion
{
    private readonly Lock gate = new();
    private List<ICompletion> futures = [];
    private AttemptOutcome? outcome;
    private bool settled;
    private bool wasOver;
    private bool wasLeft;

    public TaskEntry Entry => entry;

    // The payload itself is gone before its task has ended.
    private readonly int content = ContentOf(entry.Data);

    /// <summary>How it ended; null while it has not.</summary>
    public AttemptOutcome? Outcome
    {
        get
        {
            lock (gate)
            {
                return outcome;
            }
        }
    }

    /// <summary>Whether another submission of the id means the same task; null: it does. Else what tells them apart.</summary>
    public string? DifferenceTo(TaskEntry other) =>
        entry.IsStream ? "a stream, whose items go to one reader"
        : other.Task != entry.Task ? $"task {entry.Task}"
        : other.Bytes != entry.Bytes ? $"one of {entry.Bytes} bytes"
        : ContentOf(other.Data) != content ? $"one whose {entry.Bytes} bytes are others"
        : null;

    /// <summary>The future is told what happens from now on, and at once what has happened.</summary>
    /// <returns>False: everybody has left it, and it is not run; the id is as good as new.</returns>
    public bool Attach(ICompletion future)
    {
        AttemptOutcome? ended;
        bool isSettled;
        lock (gate)
        {
            if (wasLeft)
            {
                return false;
            }

            (ended, isSettled) = (outcome, settled);
            if (!isSettled || ended is null)
            {
                futures.Add(future);
            }
        }

        // Told twice if it ends meanwhile: a future keeps the first, and is settled only after its outcome.
        if (ended is { } before)
        {
            future.Complete(before);
        }

        if (isSettled)
        {
            future.Settle();
        }

        return true;
    }

    /// <summary>Nobody but this one wants it, and it does not want it any more.</summary>
    /// <returns>False: others do, or it has ended.</returns>
    public bool TryLeave(ICompletion last)
    {
        lock (gate)
        {
            if (outcome is not null || settled || futures is not [var only] || only != last)
            {
                return false;
            }

            futures = [];
            wasLeft = true;
            return true;
        }
    }

    public void Complete(in AttemptOutcome how)
    {
        List<ICompletion> told;
        bool over;
        AttemptOutcome first;
        lock (gate)
        {
            // Of several (a strategy of the user's and a cancellation may both end it) the first is everybody's.
            first = outcome ??= how;
            (told, over) = Take();
        }

        // Before anybody is told: whoever hears that it never ran may submit it again at once.
        if (first.Failure is { NeverStarted: true } or { Kind: TaskFailureKind.Quarantined })
        {
            known.Forget(this);
        }
        else if (over)
        {
            Over();
        }

        foreach (var future in told)
        {
            future.Complete(first);
        }
    }

    public void Settle()
    {
        List<ICompletion> told;
        bool over;
        lock (gate)
        {
            settled = true;
            (told, over) = Take();
        }

        if (over)
        {
            Over();
        }

        foreach (var future in told)
        {
            future.Settle();
        }
    }

    /// <summary>It was not accepted; whoever came meanwhile is told so too.</summary>
    public void Refuse(TaskFailure refusal)
    {
        Complete(AttemptOutcome.Failed(refusal));
        Settle();
    }

    private void Over()
    {
        if (entry.IsStream)
        {
            // Its items are gone: who wants them again has to have it run again.
            known.Forget(this);
        }
        else
        {
            known.Ended(this);
        }
    }

    // Against mistakes, not against somebody who looks for two payloads with the same hash: they are both his own.
    private static int ContentOf(ReadOnlyMemory<byte> data)
    {
        var hash = new HashCode();
        hash.AddBytes(data.Span);
        return hash.ToHashCode();
    }

    /// <summary>Outcome and end may be told by two threads, in either order: a future knows what comes first.</summary>
    private (List<ICompletion> Futures, bool Over) Take()
    {
        var isOver = settled && outcome is not null;
        var nowOver = isOver && !wasOver;
        wasOver = isOver;
        List<ICompletion> told = isOver ? futures : [.. futures];
        futures = isOver ? [] : futures;
        return (told, nowOver);
    }
}
