namespace WorkerHost.Client;

/// <summary>Which endpoint gets the next task, and when.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>
    /// Bounds what a wrong estimate can hold back behind one task. Tasks of a microsecond fill a round trip only by the
    /// hundred: with 64 the pool reached 140 000 tasks/s where it reached 250 000 with 256 (2048 submitted ahead, 2 workers, 2 cores).
    /// </summary>
    public const int MaxPrefetch = 256;

    /// <summary>So many large tasks travel to one endpoint at a time beside those that have a lane: the wire is busy with one, and the next is there when it ends.</summary>
    private const int MaxTravelling = 2;

    /// <summary>Microseconds of work that a task stands for when nobody knows how long it takes.</summary>
    private const float UnknownCharge = 1e9f;

    /// <summary>Gives queued tasks to endpoints for as long as the rule allows.</summary>
    public void Dispatch(long now)
    {
        if (IsPaused)
        {
            return;
        }

        var before = Queued;
        DispatchSuspects(now);
        lanes = -1;
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
                if (IsCallForNobody(entry))
                {
                    continue;
                }

                break;
            }

            var sent = entry.Options.AffinityHash == 0 ? entry : Closest(entry, endpoint, now);
            queue.TakeTurn(sent);
            Send(sent, endpoint, now);
        }

        // Without a queue it is the free lane that those who wait are waiting for.
        if (Queued < before || (options.QueueCapacity == 0 && LaneIsFree()))
        {
            actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
        }

        PlanLook(now);
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
        if (entry.Options.AffinityHash is not 0 and var key)
        {
            return PickFor(key, entry);
        }

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
        if (entry.Call is not null)
        {
            return endpoint.TakesCalls && count < endpoint.Concurrency;
        }

        return count < endpoint.Concurrency
            || HasRoomAhead(endpoint, entry)
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
        if (IsPaused)
        {
            return false;
        }

        // What waits in the queue has a claim on the free lanes first.
        var free = -(Queued + held);
        foreach (var endpoint in endpoints)
        {
            free += endpoint.TakesTasks ? Math.Max(0, endpoint.Concurrency - endpoint.InFlight.Count) : 0;
        }

        return free > 0;
    }

    private void Send(TaskEntry entry, EndpointState endpoint, long now)
    {
        entry.Phase = TaskPhase.Sent;
        endpoint.HasSuspect = entry.IsSuspect;
        entry.Carried = false;
        entry.SentAt = 0;
        entry.EndedAt = 0;
        Place(entry, endpoint);
        counts.Dispatched++;
        if (entry.Call is null)
        {
            endpoint.Outbox.Enqueue((entry, entry.Sequence));
            WantPump(endpoint);
        }
        else
        {
            OpenCall(entry, endpoint, now);
        }

        Charge(endpoint);
    }

    /// <summary>Puts it on the endpoint's books, to be written.</summary>
    private static void Place(TaskEntry entry, EndpointState endpoint)
    {
        entry.Endpoint = endpoint;
        entry.Written = false;
        entry.StopOverdue = false;
        entry.RecallAsked = false;

        // While its payload travels it costs no lane any time, and what is known to be short passes it.
        var travels = TravelsFirst(endpoint, entry);
        endpoint.Travelling += travels ? 1 : 0;
        entry.Charge = travels ? 0 : ChargeOf(entry);
        endpoint.LastSequence = endpoint.InFlight.Add(entry, endpoint.LastSequence);
        endpoint.Backlog += entry.Charge;
    }

    /// <summary>A name never seen may take for ever, and a stream as long as its consumer likes: nothing goes behind them.</summary>
    private static float ChargeOf(TaskEntry entry) => entry.IsStream ? UnknownCharge : Math.Min((float)entry.Service!.Microseconds, UnknownCharge);

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
    private void Refund(TaskEntry entry)
    {
        var endpoint = entry.Endpoint!;
        endpoint.TasksLeft += endpoint.Worker.MaxTasks == 0 ? 0 : 1;
        queue.Correct(entry, null);
    }

    private double MicrosecondsSince(long sentAt, long now) => (now - sentAt) * 1e6 / options.TicksPerSecond;

    private void WantPump(EndpointState endpoint)
    {
        if (!endpoint.PumpWanted)
        {
            endpoint.PumpWanted = true;
            actions.Add(new DispatchAction(DispatchActionKind.Pump, Endpoint: endpoint));
        }
    }
}
