namespace WorkerHost.Client.Tests;

/// <summary>What must hold of the order in which tasks are sent, after every step.</summary>
internal sealed partial class DispatcherSimulation
{
    private readonly int[] passedOver = new int[TurnQueue.Levels];
    private readonly SimTask?[] lastOfLevel = new SimTask?[TurnQueue.Levels];
    private readonly SimTask?[] firstOfLevel = new SimTask?[TurnQueue.Levels];
    private readonly bool[] served = new bool[TurnQueue.Levels];
    private readonly bool[] stays = new bool[TurnQueue.Levels];
    private long dispatchedBefore;

    private void CheckTurns()
    {
        if (stopped && dispatcher.Queued > 0)
        {
            throw new SimulationViolation($"{dispatcher.Queued} tasks wait in a pool that cancels what waits");
        }

        Array.Clear(lastOfLevel);
        Array.Clear(firstOfLevel);
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
                if (lastOfLevel[level] is not { } last || task.QueuedAs > last.QueuedAs)
                {
                    lastOfLevel[level] = task;
                }
            }

            if (entry is { Phase: TaskPhase.Queued, IsSuspect: false })
            {
                // The last of a priority may pass its limit and another come, all in one step: then nobody was passed over so often.
                stays[level] |= task.LastPhase == TaskPhase.Queued;
                if (!task.GoesAhead && (firstOfLevel[level] is not { } first || task.QueuedAs < first.QueuedAs))
                {
                    firstOfLevel[level] = task;
                }
            }

            task.LastPhase = entry.Phase;
        }

        // What was sent and came back within one step was not seen: then nobody can tell whose turns they were.
        var isKnown = dispatcher.Counts.Dispatched - dispatchedBefore == sent;
        dispatchedBefore = dispatcher.Counts.Dispatched;
        for (var level = 0; level < TurnQueue.Levels; level++)
        {
            if (firstOfLevel[level] is { } first && lastOfLevel[level] is { } last && first.QueuedAs < last.QueuedAs)
            {
                throw new SimulationViolation($"{first.Entry} still waits, and {last.Entry} of the same priority came later and was sent");
            }

            passedOver[level] = isKnown && stays[level] && !served[level] ? passedOver[level] + turns * (sabotage == Sabotage.MiscountTurns ? 5 : 1) : 0;
            if (passedOver[level] >= TurnQueue.LongestWait)
            {
                throw new SimulationViolation($"priority {level + TaskPriority.Lowest} was passed over {passedOver[level]} times in a row");
            }
        }
    }
}
