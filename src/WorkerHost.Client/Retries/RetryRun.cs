using Polly;

namespace WorkerHost.Client;

/// <summary>
/// One task's way through the retry pipeline: stands between the dispatcher and the future for as long as more than
/// one attempt may be needed. What the dispatcher calls the task's end is told at once, whatever strategies of the user's
/// still do; while they have the word after a failure the task has not ended there, and can be cancelled. Thread-safe.
/// </summary>
/// <param name="loop">The pool's.</param>
/// <param name="entry">The task.</param>
/// <param name="future">Whoever is told.</param>
/// <param name="pipeline">The user's, around each attempt; null: none is.</param>
internal sealed class RetryRun(DispatchLoop loop, TaskEntry entry, ICompletion future, ResiliencePipeline? pipeline) : ICompletion
{
    private readonly Lock gate = new();

    /// <summary>Not disposed of: it has no timer, and what strategies leave behind may still look at it.</summary>
    private readonly CancellationTokenSource over = new();
    private TaskCompletionSource<AttemptOutcome>? attempt;
    private AttemptOutcome? last;

    public TaskEntry Entry => entry;

    public DispatchLoop Loop => loop;

    public ResiliencePipeline? Pipeline => pipeline;

    /// <summary>Another attempt was allowed, but the pool has no retries left. Touched only by the pipeline's own flow.</summary>
    public bool IsOverBudget { get; set; }

    /// <summary>The next attempt was taken from the pool's budget already. Touched only by the pipeline's own flow.</summary>
    public bool IsPaid { get; set; }

    /// <summary>Cancelled when there is nothing to try again: strategies that would wait for another attempt need not.</summary>
    public CancellationToken Over => over.Token;

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
            lock (gate)
            {
                attempt = null;
            }

            return NoMore();
        }

        using (stop.UnsafeRegister(static s => ((RetryRun)s!).StopAttempt(), this))
        {
            return await mine.Task.ConfigureAwait(false);
        }
    }

    /// <summary>What whoever asks for an attempt is told when there is none: the last answer once more.</summary>
    public AttemptOutcome NoMore()
    {
        // Who asks for ever would spin here for ever.
        Release();
        lock (gate)
        {
            return last ?? AttemptOutcome.Failed(entry.LastFailure ?? new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = $"task {entry.Task} was cancelled before it ran" });
        }
    }

    /// <summary>The attempt failed; the pipeline says what becomes of that.</summary>
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
        future.Complete(outcome);
        AttemptEnded(outcome);
        if (outcome.Failure is not null)
        {
            Release();
        }
    }

    public void Settle() => future.Settle();

    /// <summary>The pipeline has spoken.</summary>
    public void End(in AttemptOutcome outcome)
    {
        bool underWay;
        lock (gate)
        {
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
    }

    /// <summary>
    /// Lets strategies that wait go on. On other threads: callbacks of the token are the user's code and may block, and
    /// what they throw is nobody's affair.
    /// </summary>
    public void Release() => Unawaited.Observe(over.CancelAsync());

    private void StopAttempt() => loop.StopAttempt(entry);
}
