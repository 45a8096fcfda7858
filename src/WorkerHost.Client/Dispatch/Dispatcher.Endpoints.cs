namespace WorkerHost.Client;

/// <summary>What endpoints do: come, answer, leave, die; and who gets the next task.</summary>
internal sealed partial class Dispatcher
{
    private bool IsHopeless => outlook.Hopeless && !endpoints.Exists(static e => !e.Judged);

    public void EndpointOpened(EndpointState endpoint, long now)
    {
        endpoints.Add(endpoint);
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
        endpoint.Finished += outcome.Failure is { NeverStarted: true } ? 0 : 1;
        if (serviceMicroseconds >= 0)
        {
            if (outcome.Failure is not { NeverStarted: true })
            {
                entry.Service!.Observe(serviceMicroseconds);
            }

            if (endpoint.InFlight.Count == 0 && entry.SentAt > 0)
            {
                var elapsed = (now - entry.SentAt) * 1e6 / options.TicksPerSecond - serviceMicroseconds;
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

    /// <summary>The time an endpoint asked for with a refusal has passed.</summary>
    public void Rested(EndpointState endpoint, long now)
    {
        endpoint.Resting = false;
        Dispatch(now);
    }

    /// <summary>The endpoint gave a task back unstarted.</summary>
    public void Recalled(EndpointState endpoint, ulong sequence, long now)
    {
        if (Answered(endpoint, sequence) is { } entry)
        {
            entry.EndedAt = now;
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
        outlook = outlook with { Hopeless = true, NextTry = null };
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

    /// <summary>Gives queued tasks to endpoints for as long as the rule allows.</summary>
    public void Dispatch(long now)
    {
        var before = Queued;
        DispatchSuspects(now);
        while (queue.Next is { } entry)
        {
            if (entry.Deadline <= now)
            {
                queue.Remove(entry);
                EndStopped(entry, StopReason.Expired, neverStarted: true);
                continue;
            }

            var endpoint = Pick(entry);
            if (endpoint is null)
            {
                break;
            }

            queue.TakeTurn(entry);
            Send(entry, endpoint);
        }

        // Without a queue it is the free lane that those who wait are waiting for.
        if (Queued < before || (options.QueueCapacity == 0 && LaneIsFree()))
        {
            actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
        }
    }

    private void Rest(EndpointState endpoint, TimeSpan? asked)
    {
        if (endpoint.Open && !endpoint.Resting)
        {
            endpoint.Resting = true;
            var delay = TimeSpan.FromMilliseconds(Math.Clamp(asked?.TotalMilliseconds ?? 100, 1, 10_000));
            actions.Add(new DispatchAction(DispatchActionKind.RestTimer, Endpoint: endpoint, Delay: delay));
        }
    }

    private EndpointState? Pick(TaskEntry entry)
    {
        EndpointState? best = null;
        foreach (var endpoint in endpoints)
        {
            if (endpoint.TakesTasks && HasRoom(endpoint, entry) && GoesFirst(endpoint, best))
            {
                best = endpoint;
            }
        }

        return best;
    }

    /// <summary>The one with less to do, and of equal ones the one that was at work last: its caches are warm, and who is not needed gets idle.</summary>
    private static bool GoesFirst(EndpointState endpoint, EndpointState? other) =>
        other is null
        || endpoint.InFlight.Count < other.InFlight.Count
        || (endpoint.InFlight.Count == other.InFlight.Count && endpoint.FinishedAt > other.FinishedAt);

    private bool HasRoom(EndpointState endpoint, TaskEntry entry)
    {
        var count = endpoint.InFlight.Count;
        return count < endpoint.Concurrency
            || (endpoint.Prefetches
                && count < endpoint.Concurrency + MaxPrefetch
                && endpoint.Backlog < RoundTrip * endpoint.Concurrency
                && entry.Service!.Microseconds < RoundTrip
                && (endpoint.Travelling < MaxTravelling || !TravelsFirst(endpoint, entry)));
    }

    /// <summary>It begins long after it was sent: until its last piece is written the lane it is for has nothing to do.</summary>
    private static bool TravelsFirst(EndpointState endpoint, TaskEntry entry) =>
        endpoint.TakesPieces && entry.WireBytes > ProtocolLimits.MaxFrameBytes / 2;

    private bool LaneIsFree()
    {
        // What waits in the queue has a claim on the free lanes first.
        var free = -(Queued + held);
        foreach (var endpoint in endpoints)
        {
            free += endpoint.TakesTasks ? Math.Max(0, endpoint.Concurrency - endpoint.InFlight.Count) : 0;
        }

        return free > 0;
    }

    private void Send(TaskEntry entry, EndpointState endpoint)
    {
        entry.Phase = TaskPhase.Sent;
        entry.Endpoint = endpoint;
        endpoint.HasSuspect = entry.IsSuspect;
        entry.Written = false;
        entry.SentAt = 0;
        entry.EndedAt = 0;
        entry.StopOverdue = false;
        entry.RecallAsked = false;

        // While its payload travels it costs no lane any time, and what is known to be short passes it.
        var travels = TravelsFirst(endpoint, entry);
        endpoint.Travelling += travels ? 1 : 0;
        entry.Charge = travels ? 0 : ChargeOf(entry);
        endpoint.LastSequence = endpoint.InFlight.Add(entry, endpoint.LastSequence);
        endpoint.Backlog += entry.Charge;
        endpoint.Outbox.Enqueue((entry, entry.Sequence));
        counts.Dispatched++;
        WantPump(endpoint);
        Charge(endpoint);
    }

    /// <summary>A name never seen may take for ever: nothing goes behind it.</summary>
    private static double ChargeOf(TaskEntry entry) => Math.Min(entry.Service!.Microseconds, UnknownCharge);

    /// <summary>One task less for a worker that may have so many in its life.</summary>
    private void Charge(EndpointState endpoint)
    {
        if (endpoint.Worker.MaxTasks == 0)
        {
            return;
        }

        endpoint.TasksLeft--;
        if (endpoint.TasksLeft == Math.Max(1, endpoint.Worker.MaxTasks / 8))
        {
            actions.Add(new DispatchAction(DispatchActionKind.PrepareReplacement, Endpoint: endpoint));
        }

        if (endpoint.TasksLeft == 0)
        {
            actions.Add(new DispatchAction(DispatchActionKind.Recycle, Endpoint: endpoint, Reason: $"it has had its {endpoint.Worker.MaxTasks} tasks"));
        }
    }

    /// <summary>It did not start the task.</summary>
    private static void Refund(EndpointState endpoint) => endpoint.TasksLeft += endpoint.Worker.MaxTasks == 0 ? 0 : 1;

    private void WantPump(EndpointState endpoint)
    {
        if (!endpoint.PumpWanted)
        {
            endpoint.PumpWanted = true;
            actions.Add(new DispatchAction(DispatchActionKind.Pump, Endpoint: endpoint));
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

        // Sums of fractions drift: an empty endpoint starts over.
        endpoint.Backlog = endpoint.InFlight.Count == 0 ? 0 : Math.Max(0, endpoint.Backlog - entry.Charge);
        endpoint.Overdue -= entry.StopOverdue ? 1 : 0;
    }
}
