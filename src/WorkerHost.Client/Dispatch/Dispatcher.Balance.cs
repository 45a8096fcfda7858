namespace WorkerHost.Client;

/// <summary>
/// What was sent ahead of its lane comes back when the worker that holds it does not get on and another has a free lane: how long a
/// task takes is learned from others of its name, and this one may take for ever.
/// </summary>
internal sealed partial class Dispatcher
{
    /// <summary>
    /// Up to so many microseconds of work one task is sent ahead for each lane although it takes longer than a round trip, while more wait than
    /// there are lanes. Without it a lane waits 0.3-0.5 ms for the next task: 4 % of 10 ms, under 2 % of 25 ms, and a task waits so long at most
    /// where it could not have begun earlier.
    /// </summary>
    private const double LongestAhead = 25_000;

    private int lanes = -1;
    private bool lookPlanned;
    private long lookPlannedAt;

    private bool HasRoomAhead(EndpointState endpoint, TaskEntry entry) =>
        endpoint.Prefetches
        && endpoint.InFlight.Count < endpoint.Concurrency * 2
        && entry.Service!.Microseconds <= LongestAhead
        && endpoint.Backlog <= LongestAhead * endpoint.Concurrency
        && queue.Count > Lanes();

    /// <summary>Counted once in a dispatch, however many endpoints are looked at for a task.</summary>
    private int Lanes()
    {
        if (lanes >= 0)
        {
            return lanes;
        }

        lanes = 0;
        foreach (var endpoint in endpoints)
        {
            lanes += endpoint.TakesTasks ? endpoint.Concurrency : 0;
        }

        return lanes;
    }

    /// <summary>A look in a moment, if a lane is free while another worker has tasks that wait for its lanes.</summary>
    private void PlanLook(long now)
    {
        if (lookPlanned || !IsUneven())
        {
            return;
        }

        lookPlanned = true;
        lookPlannedAt = now;

        // Two round trips: one that gets on has told of a task by then, and calling one back takes as long.
        actions.Add(new DispatchAction(DispatchActionKind.LookTimer, Delay: TimeSpan.FromMicroseconds(Math.Max(1000, 2 * RoundTrip))));
    }

    /// <summary>The moment has passed.</summary>
    public void Look(long now)
    {
        lookPlanned = false;
        if (IsUneven())
        {
            foreach (var endpoint in endpoints)
            {
                if (endpoint.Ahead > 0 && endpoint.FinishedAt <= lookPlannedAt)
                {
                    CallBackAhead(endpoint);
                }
            }
        }

        Dispatch(now);
    }

    private bool IsUneven()
    {
        var (free, ahead) = (false, false);
        foreach (var endpoint in endpoints)
        {
            free |= endpoint.TakesTasks && endpoint.InFlight.Count < endpoint.Concurrency;
            ahead |= endpoint.Ahead > 0;
        }

        return free && ahead;
    }

    /// <summary>Whatever waits there for a lane: what was not written is back at once, for the rest the worker is asked.</summary>
    private void CallBackAhead(EndpointState endpoint)
    {
        foreach (var waiting in endpoint.InLaneOrder().Skip(endpoint.Concurrency))
        {
            if (waiting.Written)
            {
                Recall(waiting, endpoint);
            }
            else if (!waiting.Carried)
            {
                Release(waiting);
                Redispatch(waiting);
            }
        }
    }

    /// <summary>Asks the worker to give it back if it has not begun.</summary>
    private void Recall(TaskEntry entry, EndpointState endpoint)
    {
        if (entry is { Stop: StopReason.None, RecallAsked: false, Call: null })
        {
            entry.RecallAsked = true;
            endpoint.RecallsAsked++;
            endpoint.Recalls.Add(entry.Sequence);
            WantPump(endpoint);
        }
    }
}
