namespace WorkerHost.Client;

/// <summary>
/// The central queue: first in, first out, with removal from the middle in constant time, so that cancelled tasks
/// leave no tombstones behind. A task's place is in its own links; it is in one queue at most.
/// </summary>
internal sealed class TaskQueue
{
    private TaskEntry? head;
    private TaskEntry? tail;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public TaskEntry? Head => head;

    public void PushBack(TaskEntry entry)
    {
        entry.Previous = tail;
        entry.Next = null;
        if (tail is null)
        {
            head = entry;
        }
        else
        {
            tail.Next = entry;
        }

        tail = entry;
        Count++;
        Bytes += entry.Bytes;
    }

    /// <summary>
    /// For a task that waited before and comes back unstarted: before everything that has not been sent yet, and among
    /// those that came back in the order of their age. They come back in bunches no larger than what is prefetched.
    /// </summary>
    public void PushFront(TaskEntry entry)
    {
        entry.CameBack = true;
        TaskEntry? before = null;
        var after = head;
        while (after is { CameBack: true } && after.Number < entry.Number)
        {
            before = after;
            after = after.Next;
        }

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
    }

    public void Remove(TaskEntry entry)
    {
        entry.CameBack = false;
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
    }
}
