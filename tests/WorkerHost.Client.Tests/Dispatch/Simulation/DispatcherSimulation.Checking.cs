namespace WorkerHost.Client.Tests;

/// <summary>What must hold after every step.</summary>
internal sealed partial class DispatcherSimulation
{
    private void Check()
    {
        if (dispatcher.Unsettled != accepted - settled)
        {
            throw new SimulationViolation($"{dispatcher.Unsettled} tasks count as unsettled, but {accepted} were accepted and {settled} settled");
        }

        if (dispatcher.Counts.Submitted != accepted)
        {
            throw new SimulationViolation($"{dispatcher.Counts.Submitted} tasks are counted as submitted, but {accepted} were accepted");
        }

        var inFlight = 0;
        foreach (var endpoint in dispatcher.Endpoints)
        {
            inFlight += endpoint.InFlight.Count;
            if (endpoint.TakesTasks && endpoint.InFlight.Count < endpoint.Concurrency && dispatcher.Queued > dispatcher.QueuedSuspects)
            {
                throw new SimulationViolation($"{dispatcher.Queued} tasks wait while {endpoint} has a free lane");
            }

            if (endpoint.Emptying && dispatcher.QueuedSuspects == 0)
            {
                throw new SimulationViolation($"{endpoint} is emptied for nobody");
            }

            if (endpoint is { IsUsable: true, InFlight.Count: 0 } && dispatcher.Queued > 0)
            {
                throw new SimulationViolation($"{dispatcher.Queued} tasks wait while {endpoint} has nothing");
            }

            if (endpoint.InFlight.Count < 0 || endpoint.Backlog < 0 || endpoint.Overdue < 0 || endpoint.Overdue > endpoint.InFlight.Count)
            {
                throw new SimulationViolation($"the books of {endpoint} do not add up: backlog {endpoint.Backlog}, overdue {endpoint.Overdue}");
            }
        }

        CheckTurns();
        var sent = 0;
        var places = 0;
        foreach (var task in tasks)
        {
            places += HasPlace(task) && task.Entry.Share is not null ? 1 : 0;
            task.Demand(task.Entry.Convictions <= task.Kills, $"is charged with {task.Entry.Convictions} deaths and caused {task.Kills}");
            sent += task.Entry.Phase == TaskPhase.Sent ? 1 : 0;
            if ((task.Entry.Phase == TaskPhase.Done) != (task.Settlements == 1))
            {
                throw new SimulationViolation($"{task.Entry} and its caller disagree");
            }
        }

        if (places != callers.Sum(static c => c.Tasks))
        {
            throw new SimulationViolation($"{places} tasks of callers have a place, but {string.Join(" + ", callers.Select(static c => c.Tasks))} are counted");
        }

        if (sent != inFlight)
        {
            throw new SimulationViolation($"{sent} tasks are sent, but {inFlight} are in flight");
        }
    }
}
