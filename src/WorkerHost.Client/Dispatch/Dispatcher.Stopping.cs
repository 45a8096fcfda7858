namespace WorkerHost.Client;

/// <summary>Stops, of one task by whoever wants it and of the pool: what waits ends at once, what was sent is recalled or asked to stop, and then made to.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>The caller does not want the task any more. False: it had ended before.</summary>
    public bool Cancel(TaskEntry entry, long now) => Stop(entry, StopReason.Cancelled, now);

    /// <summary>The task's time limit has passed.</summary>
    public void Expired(TaskEntry entry, long now) => Stop(entry, StopReason.Expired, now);

    /// <summary>The owner of this attempt gave up on it; its outcome is awaited all the same.</summary>
    public void StopAttempt(TaskEntry entry, long now) => Stop(entry, StopReason.Attempt, now);

    /// <summary>The grace after a stop has passed: if the task is still there, its process has to go.</summary>
    public void StopOverdue(TaskEntry entry, EndpointState endpoint, ulong sequence)
    {
        if (entry.Phase != TaskPhase.Sent || entry.Endpoint != endpoint || entry.Sequence != sequence || entry.Stop == StopReason.None || entry.StopOverdue)
        {
            return;
        }

        entry.StopOverdue = true;
        endpoint.Overdue++;
        KillIfOnlyOverdueRun(endpoint);
    }

    /// <summary>Refuses what comes from now on; what was accepted goes on.</summary>
    public void BeginStop()
    {
        Stopping = true;

        // Whoever waits for a place is to hear that there will be none.
        actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
    }

    /// <summary>
    /// Cancels what waits, now and from now on: what is queued or between two attempts, and what workers hold and have not begun.
    /// Those are asked to give it back, and what comes back is cancelled; what has begun goes on. There are no further attempts.
    /// </summary>
    public void CancelWaiting(long now)
    {
        CancelsWaiting = true;
        while (FirstQueued is { } entry)
        {
            Stop(entry, StopReason.Cancelled, now);
        }

        foreach (var entry in retrying.ToArray())
        {
            // One that failed for good waits for nothing: its owner is about to say so.
            if (MayHaveAnother(entry))
            {
                Stop(entry, StopReason.Cancelled, now);
            }
        }

        foreach (var endpoint in endpoints)
        {
            foreach (var entry in endpoint.InFlight.InOrder())
            {
                if (entry is { Written: false, Carried: false })
                {
                    Stop(entry, StopReason.Cancelled, now);
                }
                else if (entry.Written && endpoint is { Prefetches: true, Ended: false })
                {
                    Recall(entry, endpoint);
                }
            }
        }
    }

    /// <summary>Cancels everything that has not ended.</summary>
    public void CancelAll(long now)
    {
        while (FirstQueued is { } entry)
        {
            Stop(entry, StopReason.Cancelled, now);
        }

        foreach (var endpoint in endpoints)
        {
            foreach (var entry in endpoint.InFlight.InOrder())
            {
                Stop(entry, StopReason.Cancelled, now);
            }
        }

        foreach (var entry in retrying.ToArray())
        {
            Stop(entry, StopReason.Cancelled, now);
        }

        if (Stopping)
        {
            // Every future has ended, and a host abandons by itself what nobody comes back for.
            EndEveryLimbo("the pool is closing", now);
        }
    }

    private bool Stop(TaskEntry entry, StopReason reason, long now)
    {
        switch (entry.Phase)
        {
            case TaskPhase.New:
                throw Impossible(entry, reason.ToString());

            case TaskPhase.Queued:
                Dequeue(entry);
                actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
                EndStopped(entry, reason, neverStarted: true);
                if (entry.IsSuspect)
                {
                    // A worker may have been emptied for it.
                    Dispatch(now);
                }

                return true;

            case TaskPhase.Retrying:
                if (reason == StopReason.Attempt)
                {
                    return false;
                }

                EndStopped(entry, reason, neverStarted: false);
                return true;

            case TaskPhase.Sent when entry is { Written: false, Carried: false }:
                entry.EndedAt = now;
                Release(entry);
                Refund(entry);
                EndStopped(entry, reason, neverStarted: true);
                KillIfOnlyOverdueRun(entry.Endpoint!);
                Dispatch(now);
                return true;

            case TaskPhase.Sent:
                if (entry.Completed || (entry.Stop != StopReason.None && reason == StopReason.Attempt))
                {
                    return false;
                }

                StopSent(entry, reason, now);
                return true;

            case TaskPhase.Done:
                return false;

            default:
                throw Impossible(entry, reason.ToString());
        }
    }

    private void StopSent(TaskEntry entry, StopReason reason, long now)
    {
        var endpoint = entry.Endpoint!;
        var first = entry.Stop == StopReason.None;
        entry.Stop = reason;
        if (reason != StopReason.Attempt)
        {
            Complete(entry, AttemptOutcome.Failed(Stopped(entry, reason, neverStarted: false, options.Names)));
        }

        if (!first || endpoint.Ended || !entry.Written)
        {
            // What its host has from an earlier session is cancelled when it is written in this one.
            return;
        }

        if (entry.Call is null)
        {
            endpoint.Cancels.Add(entry.Sequence);
        }
        else
        {
            CancelCall(entry, endpoint);
        }

        var grace = reason == StopReason.Expired ? options.ExpiredCancelGrace : options.CancelGrace;
        actions.Add(new DispatchAction(DispatchActionKind.StopTimer, entry, endpoint, Delay: grace, Sequence: entry.Sequence));

        // How long it takes to heed nobody knows: nothing more goes behind it.
        endpoint.Backlog += (double)UnknownCharge - entry.Charge;
        entry.Charge = UnknownCharge;
        WantPump(endpoint);

        // And what waits there already must not wait for the kill.
        if (endpoint.Prefetches && endpoint.InFlight.Count > endpoint.Concurrency)
        {
            CallBackAhead(endpoint);
            KillIfOnlyOverdueRun(endpoint);
            Dispatch(now);
        }
    }

    private void EndStopped(TaskEntry entry, StopReason reason, bool neverStarted)
    {
        entry.Stop = reason;
        var failure = AttemptOutcome.Failed(Stopped(entry, reason, neverStarted, options.Names));
        if (reason == StopReason.Attempt)
        {
            FailAttempt(entry, failure.Failure!, mayRetry: true);
            return;
        }

        Complete(entry, failure);
        Settle(entry);
    }
}
