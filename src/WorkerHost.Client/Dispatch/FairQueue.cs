namespace WorkerHost.Client;

/// <summary>
/// Tasks of one priority, caller by caller: the next turn is that of the caller who has been served least, counted in the time that its
/// tasks keep lanes busy (start-time fair queueing: Goyal, Vin and Cheng, 1996). Who comes anew, or again, begins where the others
/// are: what nobody else wanted then is not held against anyone, and nobody saves up turns. With one caller it is a plain queue.
/// </summary>
internal sealed class FairQueue
{
    /// <summary>Microseconds that a task costs beside its handler, roughly: so that of tasks that take nothing all callers send alike many.</summary>
    private const double LeastCost = 20;

    /// <summary>Microseconds to reckon with for a task of a name that was never seen, until it has ended.</summary>
    private const double UnknownCost = 1000;

    /// <summary>Callers of whom a task waits: a heap, whose turn is next at 0.</summary>
    private ShareQueue[] waiting = new ShareQueue[4];
    private int callers;

    /// <summary>Where the caller who had the last turn began it.</summary>
    private double reached;
    private long turns;

    public int Count { get; private set; }

    /// <summary>Caller by caller.</summary>
    public IEnumerable<TaskEntry> All() => waiting.Take(callers).SelectMany(static share => share.Tasks.All());

    public TaskEntry? Head => callers == 0 ? null : waiting[0].Tasks.Head;

    /// <summary>A task was put into it.</summary>
    public void Added(ShareQueue share)
    {
        Count++;
        if (share.Place < 0)
        {
            share.Start = Math.Max(share.Start, reached);
            share.Since = ++turns;
            if (callers == waiting.Length)
            {
                Array.Resize(ref waiting, callers * 2);
            }

            Put(share, callers++);
            Rise(share);
        }
    }

    /// <summary>A task was taken from it, whyever.</summary>
    public void Removed(ShareQueue share)
    {
        Count--;
        if (share.Tasks.Count == 0)
        {
            var last = waiting[--callers];
            waiting[callers] = null!;
            if (last != share)
            {
                Put(last, share.Place);
                Settle(last);
            }

            share.Place = -1;
        }
    }

    /// <summary>The task that was taken is sent, at the cost of what tasks of its name usually take.</summary>
    public void TakeTurn(ShareQueue share, TaskEntry entry)
    {
        entry.TurnCost = (float)(entry.Service is { IsKnown: true } known ? Math.Max(LeastCost, known.Microseconds) : UnknownCost);
        reached = Math.Max(reached, share.Start);
        share.Start += entry.TurnCost;
        share.Since = ++turns;
        if (share.Place >= 0)
        {
            Sink(share);
        }
    }

    /// <summary>It is known what the task took. More than it was reckoned with counts while others wait: else it took it from nobody.</summary>
    /// <param name="share">Of the task's caller.</param>
    /// <param name="entry">It was sent.</param>
    /// <param name="microseconds">Of a lane; null: it has not begun and costs nothing.</param>
    public void Correct(ShareQueue share, TaskEntry entry, double? microseconds)
    {
        var more = (microseconds is { } took ? Math.Max(LeastCost, took) : 0) - entry.TurnCost;
        entry.TurnCost = 0;
        if (more < 0 || callers > (share.Place < 0 ? 0 : 1))
        {
            share.Start += more;
            if (share.Place >= 0)
            {
                Settle(share);
            }
        }
    }

    private void Settle(ShareQueue share)
    {
        Rise(share);
        Sink(share);
    }

    private void Rise(ShareQueue share)
    {
        while (share.Place > 0 && waiting[(share.Place - 1) / 2] is var above && share.GoesBefore(above))
        {
            Swap(share, above);
        }
    }

    private void Sink(ShareQueue share)
    {
        while (share.Place * 2 + 1 < callers)
        {
            var below = waiting[share.Place * 2 + 1];
            if (below.Place + 1 < callers && waiting[below.Place + 1].GoesBefore(below))
            {
                below = waiting[below.Place + 1];
            }

            if (!below.GoesBefore(share))
            {
                return;
            }

            Swap(share, below);
        }
    }

    private void Swap(ShareQueue one, ShareQueue other)
    {
        var place = one.Place;
        Put(one, other.Place);
        Put(other, place);
    }

    private void Put(ShareQueue share, int place)
    {
        share.Place = place;
        waiting[place] = share;
    }
}
