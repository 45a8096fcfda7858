namespace WorkerHost.Client;

/// <summary>
/// One task's way through the retry pipeline: stands between the dispatcher and the future for as long as more than
/// one attempt may be needed. Thread-safe.
/// </summary>
internal sealed class RetryRun(DispatchLoop loop, TaskEntry entry, ICompletion future) : ICompletion
{
    private readonly Lock gate = new();
    private TaskCompletionSource<AttemptOutcome>? attempt;
    private AttemptOutcome? last;
    private bool pipelineEnded;
    private bool settled;

    public TaskEntry Entry => entry;

    public DispatchLoop Loop => loop;

    /// <summary>Another attempt was allowed, but the pool has no retries left. Touched only by the pipeline's own flow.</summary>
    public bool IsOverBudget { get; set; }

    /// <summary>One more attempt; ends with its outcome, never with an exception.</summary>
    /// <param name="stop">The attempt is to be stopped; its outcome is awaited all the same.</param>
    public async ValueTask<AttemptOutcome> AttemptAsync(CancellationToken stop)
    {
        TaskCompletionSource<AttemptOutcome> mine;
        lock (gate)
        {
            if (attempt is not null)
            {
                throw new InvalidOperationException($"attempt {entry.Attempt} of task {entry.Task} is under way; a strategy of the attempt pipeline may not begin another beside it");
            }

            mine = attempt = new TaskCompletionSource<AttemptOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (!loop.Resubmit(entry))
        {
            // The task ended while it waited; or there is nothing to try again: the same answer as before.
            AttemptOutcome? before;
            lock (gate)
            {
                attempt = null;
                before = last;
            }

            return before ?? AttemptOutcome.Failed(entry.LastFailure ?? new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = $"task {entry.Task} was cancelled before it ran" });
        }

        using (stop.UnsafeRegister(static s => ((RetryRun)s!).StopAttempt(), this))
        {
            return await mine.Task.ConfigureAwait(false);
        }
    }

    /// <summary>The attempt failed and another is allowed.</summary>
    public void AttemptEnded(in AttemptOutcome outcome)
    {
        TaskCompletionSource<AttemptOutcome>? waiting;
        lock (gate)
        {
            last = outcome;
            waiting = attempt;
            attempt = null;
        }

        waiting?.TrySetResult(outcome);
    }

    public void Complete(in AttemptOutcome outcome)
    {
        // What the caller decided is told at once; the pipeline hears of it too and ends.
        if (entry.Stop is StopReason.Cancelled or StopReason.Expired || outcome.Failure is { Kind: TaskFailureKind.NoWorkers })
        {
            future.Complete(outcome);
        }

        AttemptEnded(outcome);
        bool ended;
        lock (gate)
        {
            ended = pipelineEnded;
        }

        if (ended)
        {
            future.Complete(outcome);
        }
    }

    public void Settle()
    {
        lock (gate)
        {
            settled = true;
            if (!pipelineEnded && entry.Stop is not (StopReason.Cancelled or StopReason.Expired))
            {
                return;
            }
        }

        future.Settle();
    }

    /// <summary>The pipeline has spoken.</summary>
    public void End(in AttemptOutcome outcome)
    {
        bool nowSettled;
        bool underWay;
        lock (gate)
        {
            pipelineEnded = true;
            nowSettled = settled;
            underWay = attempt is not null;
        }

        if (entry.Stop is not (StopReason.Cancelled or StopReason.Expired))
        {
            // Otherwise the caller's decision is the outcome, and is told by whoever carries it out.
            future.Complete(outcome);
        }

        if (underWay)
        {
            // A strategy gave up without waiting for its attempt: nobody wants the result any more.
            loop.Cancel(entry);
        }
        else
        {
            loop.GiveUp(entry, outcome);
        }

        if (nowSettled)
        {
            future.Settle();
        }
    }

    private void StopAttempt() => loop.StopAttempt(entry);
}
