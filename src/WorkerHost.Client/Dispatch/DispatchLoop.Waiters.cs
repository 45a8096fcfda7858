namespace WorkerHost.Client;

/// <summary>Those who wait for a place in the queue, first come first served.</summary>
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
            QueueWaiter waiter;
            TaskFailure? refusal;
            List<DispatchAction> actions;
            lock (gate)
            {
                if (!waiters.TryPeek(out waiter!))
                {
                    return;
                }

                refusal = waiter.Admitted.Task.IsCompleted ? null : dispatcher.Submit(waiter.Entry, Now, waiter.Held);
                if (refusal is not null && dispatcher.WaitingHelps(waiter.Entry, refusal))
                {
                    return;
                }

                waiters.Dequeue();
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

    /// <summary>Under the gate. The one who waits with this task; null: nobody does.</summary>
    private QueueWaiter? WaiterOf(TaskEntry entry)
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

    /// <summary>Who cancelled its waiting no longer holds up those behind.</summary>
    private void ForgetLeavers()
    {
        while (waiters.TryPeek(out var first) && first.Admitted.Task.IsCompleted)
        {
            waiters.Dequeue();
        }
    }

    private sealed class QueueWaiter(TaskEntry entry, bool held)
    {
        public TaskEntry Entry => entry;

        public bool Held => held;

        public TaskCompletionSource<TaskFailure?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
