namespace WorkerHost.Client;

/// <summary>Those who wait for a place in the queue: of one caller first come first served, and the callers in turn.</summary>
internal sealed partial class DispatchLoop
{
    /// <remarks>
    /// What one of them sets going may let the next one in: that is what the loop is for. With a call inside a call
    /// for each, a crowd would need a stack that nobody has.
    /// </remarks>
    private void AdmitWaiters()
    {
        while (true)
        {
            QueueWaiter? waiter;
            TaskFailure? refusal;
            List<DispatchAction> actions;
            lock (gate)
            {
                waiter = NextWaiter(out refusal);
                if (waiter is null)
                {
                    return;
                }

                actions = TakeActions();
            }

            if (!waiter.Admitted.TrySetResult(refusal) && refusal is null)
            {
                // Its caller went away between the look and the answer: nobody has the future.
                Cancel(waiter.Entry);
            }

            CarryAll(actions);
        }
    }

    /// <summary>Under the gate. The next one whose waiting is over, accepted or refused; null: everybody waits on.</summary>
    private QueueWaiter? NextWaiter(out TaskFailure? refusal)
    {
        refusal = null;
        for (var left = lines.Count; left > 0; left--)
        {
            var line = lines.Peek();
            if (line.First is { } waiter)
            {
                var (all, wait) = dispatcher.HaveToWait(waiter.Entry);
                if (all)
                {
                    return null;
                }

                if (!wait)
                {
                    refusal = dispatcher.Submit(waiter.Entry, Now, waiter.Held);
                    if (refusal is null || !dispatcher.WaitingHelps(waiter.Entry, refusal))
                    {
                        line.RemoveFirst();
                        NextLine();
                        return waiter;
                    }
                }
            }

            NextLine();
        }

        return null;
    }

    private void NextLine()
    {
        var line = lines.Dequeue();
        line.IsListed = line.First is not null;
        if (line.IsListed)
        {
            lines.Enqueue(line);
        }
    }

    /// <summary>Under the gate.</summary>
    private bool SomebodyWaits(TaskEntry entry) => LineOf(entry)?.First is not null;

    private WaiterLine? LineOf(TaskEntry entry) => entry.Share is { } share ? share.Waiters : own;

    private void StandInLine(QueueWaiter waiter)
    {
        var line = waiter.Entry.Share is { } share ? share.Waiters ??= new WaiterLine() : own;
        line.Add(waiter);
        if (!line.IsListed)
        {
            line.IsListed = true;
            lines.Enqueue(line);
        }
    }

    /// <summary>Under the gate. The one who waits with this task; null: nobody does.</summary>
    private QueueWaiter? WaiterOf(TaskEntry entry) => LineOf(entry)?.Find(entry);
}
