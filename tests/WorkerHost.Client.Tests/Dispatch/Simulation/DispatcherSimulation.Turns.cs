namespace WorkerHost.Client.Tests;

/// <summary>What must hold of the order in which tasks are sent, after every step.</summary>
internal sealed partial class DispatcherSimulation
{
    private readonly int[] passedOver = new int[TurnQueue.Levels];
    private readonly List<SimTask> sentNow = [];
    private readonly bool[] served = new bool[TurnQueue.Levels];
    private readonly bool[] stays = new bool[TurnQueue.Levels];
    private long dispatchedBefore;

    private void CheckTurns()
    {
        if (stopped && dispatcher.Queued > 0)
        {
            throw new SimulationViolation($"{dispatcher.Queued} tasks wait in a pool that cancels what waits");
        }

        sentNow.Clear();
        Array.Clear(served);
        Array.Clear(stays);
        var turns = 0;
        var sent = 0;
        foreach (var task in tasks)
        {
            var entry = task.Entry;
            var level = entry.Options.Priority - TaskPriority.Lowest;
            if (entry.Phase == TaskPhase.Sent && task.LastPhase != TaskPhase.Sent)
            {
                sent++;
                turns += entry.IsSuspect ? 0 : 1;
                served[level] |= !entry.IsSuspect;
            }

            if (entry.Endpoint is not null && !task.GoesAhead)
            {
                task.GoesAhead = true;
                sentNow.Add(task);
            }

            if (entry is { Phase: TaskPhase.Queued, IsSuspect: false })
            {
                // The last of a priority may pass its limit and another come, all in one step: then nobody was passed over so often.
                stays[level] |= task.LastPhase == TaskPhase.Queued;
            }

            task.LastPhase = entry.Phase;
        }

        // What was sent and came back within one step was not seen: then nobody can tell whose turns they were.
        var isKnown = dispatcher.Counts.Dispatched - dispatchedBefore == sent;
        dispatchedBefore = dispatcher.Counts.Dispatched;
        foreach (var later in sentNow)
        {
            CheckOrder(later);
        }

        for (var level = 0; level < TurnQueue.Levels; level++)
        {
            passedOver[level] = isKnown && stays[level] && !served[level] ? passedOver[level] + turns * (sabotage == Sabotage.MiscountTurns ? 5 : 1) : 0;
            if (passedOver[level] >= TurnQueue.LongestWait)
            {
                throw new SimulationViolation($"priority {level + TaskPriority.Lowest} was passed over {passedOver[level]} times in a row");
            }
        }
    }

    /// <summary>Those of its priority and caller that came before it are not behind it, but for the sake of a key and not too often.</summary>
    private void CheckOrder(SimTask later)
    {
        foreach (var first in tasks)
        {
            if (first is { GoesAhead: false, Entry: { Phase: TaskPhase.Queued, IsSuspect: false } waiting }
                && waiting.Share == later.Entry.Share
                && waiting.Options.Priority == later.Entry.Options.Priority
                && first.QueuedAs < later.QueuedAs
                && (waiting.Options.AffinityKey is null || later.Entry.Options.AffinityKey is null || ++first.Overtaken > Dispatcher.LookAhead))
            {
                throw new SimulationViolation($"{waiting} still waits, and {later.Entry} of the same priority and caller came later and was sent");
            }
        }
    }
}
