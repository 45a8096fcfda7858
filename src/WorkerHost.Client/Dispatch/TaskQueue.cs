namespace WorkerHost.Client;

/// <summary>Where in its queue a task stands.</summary>
internal enum QueuePlace : byte
{
    /// <summary>Behind those that came before it.</summary>
    Back,

    /// <summary>Its next attempt was granted: before everything that has not been sent yet.</summary>
    Retried,

    /// <summary>It came back unstarted: before everything else.</summary>
    CameBack,
}

/// <summary>
/// Tasks of one caller and one priority: first in, first out, with removal from the middle in constant time, so that cancelled tasks
/// leave no tombstones behind. A task's place is in its own links; it is in one queue at most.
/// </summary>
internal sealed class TaskQueue
{
    private TaskEntry? head;
    private TaskEntry? tail;

    /// <summary>The last of those that have a place before all others; null: there are none.</summary>
    private TaskEntry? lastAhead;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public TaskEntry? Head => head;

    /// <summary>From the first to the last, for people: while it is read the queue must not change.</summary>
    public IEnumerable<TaskEntry> All()
    {
        for (var entry = head; entry is not null; entry = entry.Next)
        {
            yield return entry;
        }
    }

    public void PushBack(TaskEntry entry) => Insert(entry, tail);

    /// <summary>For a task that was sent before and may be tried again: it has waited its turn already.</summary>
    public void PushRetried(TaskEntry entry)
    {
        entry.Place = QueuePlace.Retried;
        Insert(entry, lastAhead);
        lastAhead = entry;
    }

    /// <summary>
    /// For a task that waited before and comes back unstarted: before everything that has not been sent yet, and among
    /// those that came back in the order of their age. They come back in bunches no larger than what is prefetched.
    /// </summary>
    public void PushFront(TaskEntry entry)
    {
        entry.Place = QueuePlace.CameBack;
        TaskEntry? before = null;
        for (var after = head; after is { Place: QueuePlace.CameBack } && after.Number < entry.Number; after = after.Next)
        {
            before = after;
        }

        Insert(entry, before);
        if (lastAhead == before)
        {
            lastAhead = entry;
        }
    }

    public void Remove(TaskEntry entry)
    {
        if (entry == lastAhead)
        {
            lastAhead = entry.Previous;
        }

        entry.Place = QueuePlace.Back;
        if (entry.Previous is null)
        {
            head = entry.Next;
        }
        else
        {
            entry.Previous.Next = entry.Next;
        }

        if (entry.Next is null)
        {
            tail = entry.Previous;
        }
        else
        {
            entry.Next.Previous = entry.Previous;
        }

        entry.Next = null;
        entry.Previous = null;
        Count--;
        Bytes -= entry.Bytes;
        entry.Share?.Left(entry.Bytes);
    }

    /// <param name="entry">In no queue.</param>
    /// <param name="before">Stands before it; null: nobody does.</param>
    private void Insert(TaskEntry entry, TaskEntry? before)
    {
        var after = before is null ? head : before.Next;
        entry.Previous = before;
        entry.Next = after;
        if (before is null)
        {
            head = entry;
        }
        else
        {
            before.Next = entry;
        }

        if (after is null)
        {
            tail = entry;
        }
        else
        {
            after.Previous = entry;
        }

        Count++;
        Bytes += entry.Bytes;
        entry.Share?.Took(entry.Bytes);
    }
}
