namespace WorkerHost.Client;

/// <summary>Deadlines and graces: one timer for all of them, set to the earliest. Thread-safe.</summary>
internal sealed class DueTimes : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private PriorityQueue<Due, long> dues = new();
    private int compactAt = 4096;
    private bool disposed;

    public DueTimes(TimeProvider time)
    {
        this.time = time;
        timer = time.CreateTimer(static self => ((DueTimes)self!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="delay">From now.</param>
    /// <param name="entry">The task it is about, or null: a due time of a task that is done may be forgotten.</param>
    /// <param name="fire">Called on a pool thread, never under a lock.</param>
    public void Add(TimeSpan delay, TaskEntry? entry, Action fire)
    {
        var now = time.GetTimestamp();
        var ticks = delay.TotalSeconds * time.TimestampFrequency;
        var at = ticks < long.MaxValue - now ? now + (long)ticks : long.MaxValue;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            if (dues.Count >= compactAt)
            {
                Compact();
            }

            dues.Enqueue(new Due(entry, fire), at);
            if (dues.TryPeek(out _, out var first) && first == at)
            {
                Arm(at);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            dues.Clear();
        }

        timer.Dispose();
    }

    private void Fire()
    {
        while (true)
        {
            Due next;
            lock (gate)
            {
                if (disposed || !dues.TryPeek(out next, out var at))
                {
                    return;
                }

                if (at > time.GetTimestamp())
                {
                    Arm(at);
                    return;
                }

                dues.Dequeue();
            }

            next.Fire();
        }
    }

    private void Arm(long at)
    {
        // A timer counts whole milliseconds and rounds down; one that fires early all the same is set again. No more than that, so that
        // by a clock that a test moves what is due is done on the dot.
        var milliseconds = (at - time.GetTimestamp()) * 1000.0 / time.TimestampFrequency;
        timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(milliseconds, 0, 86_400_000))), Timeout.InfiniteTimeSpan);
    }

    private void Compact()
    {
        // Tasks with long limits that ended early would pile up here.
        var kept = new PriorityQueue<Due, long>();
        foreach (var (due, at) in dues.UnorderedItems)
        {
            if (due.Entry is not { Phase: TaskPhase.Done })
            {
                kept.Enqueue(due, at);
            }
        }

        dues = kept;
        compactAt = Math.Max(4096, kept.Count * 2);
    }

    private readonly record struct Due(TaskEntry? Entry, Action Fire);
}
