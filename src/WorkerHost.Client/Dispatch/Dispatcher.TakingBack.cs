namespace WorkerHost.Client;

/// <summary>Whoever submitted a task takes it back, because it may be done elsewhere or by nobody. Nobody is told: he knows.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>It waits, and nothing of it has begun, ever.</summary>
    public static bool IsUnbegun(TaskEntry entry) =>
        entry is { Phase: TaskPhase.Queued, Attempt: 1, IsSuspect: false, MayHaveRun: false, PastAttempts.IsEmpty: true, Call: null };

    /// <summary>Takes out what <see cref="IsUnbegun"/>: as if it had been cancelled, for those who count.</summary>
    /// <returns>What it ended as.</returns>
    public AttemptOutcome TakeBack(TaskEntry entry)
    {
        if (!IsUnbegun(entry))
        {
            throw Impossible(entry, nameof(TakeBack));
        }

        queue.Remove(entry);
        entry.Stop = StopReason.Cancelled;
        entry.Completed = true;
        entry.Phase = TaskPhase.Done;
        entry.DropPayload();
        Unsettled--;
        var outcome = AttemptOutcome.Failed(Stopped(entry, StopReason.Cancelled, neverStarted: true, options.Names));
        counts.Ended(outcome);
        actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
        return outcome;
    }
}
