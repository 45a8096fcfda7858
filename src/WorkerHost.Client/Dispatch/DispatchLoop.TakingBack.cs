namespace WorkerHost.Client;

/// <summary>Tasks that go back to those who submitted them.</summary>
internal sealed partial class DispatchLoop
{
    /// <summary>Takes out a task that has not begun.</summary>
    /// <param name="entry">The task.</param>
    /// <param name="told">Who wants it back.</param>
    /// <returns>False: it may have begun, or has ended, or others want it done.</returns>
    public bool TakeBack(TaskEntry entry, ICompletion told)
    {
        List<DispatchAction> actions;
        AttemptOutcome outcome;
        lock (gate)
        {
            if (!Dispatcher.IsUnbegun(entry) || (entry.Completion is SharedTask shared && !shared.TryLeave(told)))
            {
                return false;
            }

            outcome = dispatcher.TakeBack(entry);
            actions = TakeActions();
        }

        entry.Trace?.AttemptEnded(entry);
        entry.Trace?.Ended(outcome);
        Carry(actions);
        return true;
    }
}
