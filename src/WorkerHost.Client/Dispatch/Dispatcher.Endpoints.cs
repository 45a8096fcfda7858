namespace WorkerHost.Client;

/// <summary>What endpoints do: come, answer, leave, die; and who gets the next task.</summary>
internal sealed partial class Dispatcher
{
    private bool IsHopeless => outlook.Hopeless && !endpoints.Exists(static e => e is { Judged: false, InLimbo: false });

    public void EndpointOpened(EndpointState endpoint, long now)
    {
        endpoints.Add(endpoint);
        EndLimboOf(endpoint, now);
        Dispatch(now);
    }

    /// <summary>It is no spare any more: it takes tasks.</summary>
    public void EndpointServes(EndpointState endpoint, long now)
    {
        endpoint.Reserved = false;
        Dispatch(now);
    }

    /// <summary>Finishes what it has and gets nothing new.</summary>
    public void EndpointDraining(EndpointState endpoint) => endpoint.Open = false;

    /// <summary>The same, and its supervisor has told it to leave: it also sees to it that it does.</summary>
    public void WorkerLeaves(EndpointState endpoint)
    {
        endpoint.Leaving = true;
        EndpointDraining(endpoint);
    }

    /// <summary>What the source of workers says about waiting.</summary>
    public void OutlookChanged(WorkerOutlook now)
    {
        outlook = now;
        FailQueueIfHopeless();
    }

    /// <summary>
    /// An attempt's outcome arrived. The caller calls <see cref="Dispatch"/> after the last one of a frame.
    /// Service time: how long the handler ran; negative when unknown.
    /// </summary>
    public void Outcome(EndpointState endpoint, ulong sequence, in AttemptOutcome outcome, long serviceMicroseconds, long now)
    {
        if (Answered(endpoint, sequence) is not { } entry)
        {
            return;
        }

        entry.EndedAt = now;

        endpoint.FinishedAt = now;
        var hasRun = outcome.Failure is not { NeverStarted: true };
        endpoint.Finished += hasRun ? 1 : 0;

        // What does not say how long it ran (a unary call) was not sent ahead either.
        queue.Correct(entry, !hasRun ? null : serviceMicroseconds >= 0 ? serviceMicroseconds : MicrosecondsSince(entry.SentAt, now));
        if (serviceMicroseconds >= 0)
        {
            if (hasRun && !entry.IsStream)
            {
                entry.Service!.Observe(serviceMicroseconds);
            }

            if (endpoint.InFlight.Count == 0 && entry is { SentAt: > 0, Carried: false })
            {
                var elapsed = MicrosecondsSince(entry.SentAt, now) - serviceMicroseconds;
                RoundTrip += (Math.Clamp(elapsed, 20, 5000) - RoundTrip) / 8;
            }
        }

        if (entry.Completed)
        {
            // Cancelled or expired: the caller has been told. What the worker says now only frees the lane.
            LateOutcomes += outcome.Failure is null ? 1 : 0;
            Settle(entry);
        }
        else if (outcome.Failure is { } failure)
        {
            Failed(entry, failure);
        }
        else
        {
            Complete(entry, outcome);
            Settle(entry);
        }

        KillIfOnlyOverdueRun(endpoint);
    }

    /// <summary>A running task says something: an item, or how far it is.</summary>
    /// <returns>Whose listener is to be told; null: nobody's.</returns>
    public TaskEntry? Heard(EndpointState endpoint, ulong sequence, bool isItem, bool isWhole)
    {
        var entry = endpoint.InFlight.Find(sequence);
        if (entry is not { Written: true })
        {
            if (sequence > endpoint.LastSequence || entry is not null)
            {
                actions.Add(new DispatchAction(DispatchActionKind.Abort, Endpoint: endpoint, Reason: $"it spoke of sequence {sequence}, which was never sent"));
            }

            return null;
        }

        if (entry.Completed || entry.Feed is not { } feed || (isItem ? feed.Items is null : feed.Progress is null))
        {
            return null;
        }

        feed.HasYielded |= isItem && isWhole;
        return entry;
    }

    /// <summary>The consumer of a stream has room for more.</summary>
    public void Grant(TaskEntry entry, int items, long bytes)
    {
        if (entry is { Phase: TaskPhase.Sent, Written: true, Completed: false, Endpoint: { Ended: false } endpoint })
        {
            endpoint.Grants.Add(new StreamGrant(entry.Sequence, items, bytes));
            WantPump(endpoint);
        }
    }

    /// <summary>The time an endpoint asked for with a refusal has passed.</summary>
    public void Rested(EndpointState endpoint, long now)
    {
        endpoint.Resting = false;
        Dispatch(now);
    }

    /// <summary>The endpoint gave a task back unstarted.</summary>
    public void Recalled(EndpointState endpoint, ulong sequence, long now)
    {
        if (endpoint.InFlight.Find(sequence) is null && endpoint.CallsGivenUp.Remove(sequence))
        {
            // It had just ended when it was given up.
            return;
        }

        if (Answered(endpoint, sequence) is { } entry)
        {
            entry.EndedAt = now;
            if (entry is { HasYielded: true, Completed: false })
            {
                EndFailed(entry, GivenBackTooLate(entry));
                return;
            }

            if (entry is { RecallAsked: false, Stop: StopReason.None })
            {
                // It is leaving and has said so, or is about to; or it would be given the same again and again.
                Rest(endpoint, null);
            }

            Redispatch(entry);
            KillIfOnlyOverdueRun(endpoint);
        }
    }

    /// <summary>The session was read to its end: nothing more will come.</summary>
    public void SessionEnded(EndpointState endpoint, string reason, long now)
    {
        if (endpoint.Ended)
        {
            return;
        }

        endpoint.Ended = true;
        endpoint.Open = false;
        endpoint.EndReason = reason;
        if (endpoint.Host is { KeepsFor.Ticks: > 0 } && !sourceEnded)
        {
            BeginLimbo(endpoint, now);
            return;
        }

        if (endpoint.Supervised && endpoint.Death is null)
        {
            // Most often the death is about to be observed. A worker that lives on may be running our tasks.
            actions.Add(new DispatchAction(DispatchActionKind.SessionTimer, Endpoint: endpoint, Delay: options.LostSessionGrace));
        }

        JudgeIfComplete(endpoint, now);
    }

    /// <summary>The process was observed dead.</summary>
    public void WorkerDied(WorkerDeath death, long now)
    {
        foreach (var endpoint in endpoints.ToArray())
        {
            if (endpoint.Worker.Id != death.Report.Worker || endpoint.Death is not null)
            {
                continue;
            }

            endpoint.Death = death;
            endpoint.Open = false;
            if (!endpoint.Ended)
            {
                actions.Add(new DispatchAction(DispatchActionKind.SessionTimer, Endpoint: endpoint, Delay: options.ReadOutGrace));
            }

            JudgeIfComplete(endpoint, now);
        }
    }

    /// <summary>Nobody will report a worker or a death any more: what has not been reported dead counts as lost.</summary>
    public void SourceEnded(long now)
    {
        sourceEnded = true;
        outlook = outlook with { Hopeless = true, NextTry = null };
        EndEveryLimbo("the pool is closing", now);
        foreach (var endpoint in endpoints.ToArray())
        {
            if (endpoint is { Supervised: true, Death: null })
            {
                WorkerDied(
                    new WorkerDeath(
                        new DeathReport
                        {
                            Worker = endpoint.Worker.Id,
                            Pid = endpoint.Worker.Pid,
                            Cause = DeathCause.Stop,
                            Reason = "its supervisor stopped without reporting its end",
                        },
                        LedgerEvidence.None),
                    now);
            }
        }

        FailQueueIfHopeless();
    }

    /// <summary>A grace set with SessionTimer has passed.</summary>
    public void SessionOverdue(EndpointState endpoint)
    {
        if (endpoint.Judged)
        {
            return;
        }

        if (endpoint is { Ended: true, Leaving: true, InFlight.Count: 0 })
        {
            // It owes nobody anything, and how long it may take to leave is its supervisor's affair.
            return;
        }

        if (endpoint.Ended)
        {
            Kill(endpoint, $"its session ended ({endpoint.EndReason}) while the process lived on", options.TerminateGrace);
        }
        else if (endpoint.Death is not null)
        {
            actions.Add(new DispatchAction(DispatchActionKind.Abort, Endpoint: endpoint, Reason: "the worker is dead and its session did not end"));
        }
    }

    private TaskEntry? Answered(EndpointState endpoint, ulong sequence)
    {
        var entry = endpoint.InFlight.Find(sequence);
        if (entry is { Written: true })
        {
            Release(entry);
            return entry;
        }

        if (sequence > endpoint.LastSequence || entry is not null)
        {
            actions.Add(new DispatchAction(DispatchActionKind.Abort, Endpoint: endpoint, Reason: $"it answered sequence {sequence}, which was never sent"));
        }
        else
        {
            LateOutcomes++;
            actions.Add(new DispatchAction(DispatchActionKind.LateOutcome, Endpoint: endpoint, Sequence: sequence));
        }

        return null;
    }

    /// <summary>Takes the task off its endpoint's books.</summary>
    private static void Release(TaskEntry entry)
    {
        var endpoint = entry.Endpoint!;
        endpoint.InFlight.Remove(entry);
        endpoint.HasSuspect &= !entry.IsSuspect;
        endpoint.Travelling -= entry.Charge == 0 ? 1 : 0;
        endpoint.RecallsAsked -= entry.RecallAsked ? 1 : 0;

        // Sums of fractions drift: an empty endpoint starts over.
        endpoint.Backlog = endpoint.InFlight.Count == 0 ? 0 : Math.Max(0, endpoint.Backlog - entry.Charge);
        endpoint.Overdue -= entry.StopOverdue ? 1 : 0;
    }
}
