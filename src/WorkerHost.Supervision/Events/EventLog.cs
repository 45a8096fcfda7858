using System.Runtime.CompilerServices;

namespace WorkerHost.Supervision;

/// <summary>
/// The one place where a supervisor says what happened: numbers an event and keeps it for watchers. Watchers read from the
/// ring by sequence at their own pace; a slow one costs neither memory nor the owner loop's time. Thread-safe.
/// </summary>
internal sealed class EventLog(string pool, int capacity, TimeProvider time, SettingNames? names = null)
{
    /// <summary>A watcher takes so many at once, so that a long catching up never holds the lock for long.</summary>
    private const int Batch = 64;

    private readonly Lock gate = new();
    private readonly SupervisorEvent[] ring = new SupervisorEvent[capacity];
    private long last;
    private bool completed;
    private TaskCompletionSource? changed;

    /// <summary>Numbers the event and keeps it. What comes after the end has no number, and nobody hears of it.</summary>
    public SupervisorEvent Add(SupervisorEvent what)
    {
        TaskCompletionSource? waiting = null;
        SupervisorEvent numbered;
        var now = time.GetUtcNow();
        lock (gate)
        {
            numbered = what with { Pool = pool, Names = names ?? SettingNames.Members, Time = now, Sequence = completed ? 0 : last + 1 };
            if (!completed)
            {
                last++;
                ring[last % capacity] = numbered;
                (waiting, changed) = (changed, null);
            }
        }

        waiting?.TrySetResult();
        return numbered;
    }

    /// <summary>The sequence of the last event; 0: there was none.</summary>
    public long Last
    {
        get
        {
            lock (gate)
            {
                return last;
            }
        }
    }

    /// <summary>The sequence of the oldest event that is kept, or of the first that will come.</summary>
    public long OldestKept
    {
        get
        {
            lock (gate)
            {
                return Math.Max(1, last - capacity + 1);
            }
        }
    }

    /// <summary>A copy of what is kept, oldest first.</summary>
    public SupervisorEvent[] Kept
    {
        get
        {
            lock (gate)
            {
                var kept = new SupervisorEvent[Math.Min(last, capacity)];
                for (var i = 0; i < kept.Length; i++)
                {
                    kept[i] = ring[(last - kept.Length + 1 + i) % capacity];
                }

                return kept;
            }
        }
    }

    /// <summary>Nothing more will come.</summary>
    public void Complete()
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            completed = true;
            (waiting, changed) = (changed, null);
        }

        waiting?.TrySetResult();
    }

    /// <inheritdoc cref="Supervisor.WatchAsync"/>
    public IAsyncEnumerable<SupervisorEvent> WatchAsync(long? after, CancellationToken cancellationToken)
    {
        long from;
        lock (gate)
        {
            from = after ?? last;
            ArgumentOutOfRangeException.ThrowIfNegative(from, nameof(after));
            if (from > last)
            {
                throw new ArgumentOutOfRangeException(nameof(after), after, $"the last event of pool {pool} has the sequence {last}; is the number from an earlier supervisor?");
            }

            ThrowIfLost(from);
        }

        return ReadAsync(from, cancellationToken);
    }

    private async IAsyncEnumerable<SupervisorEvent> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<SupervisorEvent>(Batch);
        while (true)
        {
            Task more;
            bool ended;
            batch.Clear();
            lock (gate)
            {
                ThrowIfLost(after);
                for (; after < last && batch.Count < Batch; after++)
                {
                    batch.Add(ring[(after + 1) % capacity]);
                }

                ended = completed && batch.Count == 0;
                more = batch.Count > 0 || ended
                    ? Task.CompletedTask
                    : (changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            foreach (var one in batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return one;
            }

            if (ended)
            {
                yield break;
            }

            await more.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Inside the gate.</summary>
    private void ThrowIfLost(long after)
    {
        var oldest = Math.Max(1, last - capacity + 1);
        if (after + 1 < oldest)
        {
            throw new EventsLostException(pool, after, oldest, capacity, names ?? SettingNames.Members);
        }
    }
}
