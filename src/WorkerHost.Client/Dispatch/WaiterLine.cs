namespace WorkerHost.Client;

/// <summary>Those who wait for a place in the queue for tasks of one caller, first come first served. Touched only inside the gate.</summary>
internal sealed class WaiterLine
{
    private readonly Queue<QueueWaiter> waiters = new();

    /// <summary>It is among the lines that are looked at when places fall free.</summary>
    public bool IsListed { get; set; }

    public int Count => waiters.Count;

    /// <summary>Who is next; null: nobody waits. Who cancelled its waiting no longer holds up those behind.</summary>
    public QueueWaiter? First
    {
        get
        {
            while (waiters.TryPeek(out var first))
            {
                if (!first.Admitted.Task.IsCompleted)
                {
                    return first;
                }

                waiters.Dequeue();
            }

            return null;
        }
    }

    public void Add(QueueWaiter waiter) => waiters.Enqueue(waiter);

    public void RemoveFirst() => waiters.Dequeue();

    /// <summary>The one who waits with this task; null: nobody does.</summary>
    public QueueWaiter? Find(TaskEntry entry)
    {
        foreach (var waiter in waiters)
        {
            if (waiter.Entry == entry)
            {
                return waiter;
            }
        }

        return null;
    }
}

/// <summary>Somebody waits for a place for this task.</summary>
internal sealed class QueueWaiter(TaskEntry entry, bool held)
{
    public TaskEntry Entry => entry;

    public bool Held => held;

    public TaskCompletionSource<TaskFailure?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
