namespace WorkerHost.Client.Tests;

/// <summary>Carries out what the dispatcher decides.</summary>
internal sealed partial class DispatcherSimulation
{
    private void Carry()
    {
        // What is carried out may decide more.
        while (true)
        {
            var actions = dispatcher.TakeActions(spare);
            if (actions.Count == 0)
            {
                spare = actions;
                return;
            }

            if (sabotage == Sabotage.SettleFirst)
            {
                var settle = actions.FindIndex(static a => a.Kind == DispatchActionKind.Settle);
                if (settle > 0 && actions[settle - 1].Kind == DispatchActionKind.Complete)
                {
                    (actions[settle - 1], actions[settle]) = (actions[settle], actions[settle - 1]);
                }
            }

            foreach (var action in actions)
            {
                CarryOne(action);
            }

            actions.Clear();
            spare = actions;
        }
    }

    private void CarryOne(DispatchAction action)
    {
        var endpoint = action.Endpoint!;
        switch (action.Kind)
        {
            case DispatchActionKind.Complete:
                story?.Add($"{now,8}  {action.Entry} is told {action.Outcome.Failure?.Kind.ToString() ?? "its result"}");
                action.Entry!.Completion!.Complete(action.Outcome);
                if (Once(Sabotage.TellTwice))
                {
                    action.Entry.Completion.Complete(action.Outcome);
                }

                break;
            case DispatchActionKind.Settle:
                settled++;
                action.Entry!.Completion!.Settle();
                break;
            case DispatchActionKind.AttemptFailed:
                failedAttempts.Add((SimTask)action.Entry!.Completion!);
                break;
            case DispatchActionKind.DeadlineTimer:
                var late = action.Entry!;
                timers.Add((late.Deadline, () => dispatcher.Expired(late, now)));
                break;
            case DispatchActionKind.StopTimer:
                var (stopped, sequence) = (action.Entry!, action.Sequence);
                timers.Add((now + action.Delay.Ticks, () => dispatcher.StopOverdue(stopped, endpoint, sequence)));
                break;
            case DispatchActionKind.SessionTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.SessionOverdue(endpoint)));
                break;
            case DispatchActionKind.RestTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.Rested(endpoint, now)));
                break;
            case DispatchActionKind.LookTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.Look(now)));
                break;
            case DispatchActionKind.Kill:
                story?.Add($"{now,8}  {endpoint} is to be killed: {action.Reason}");
                Find(endpoint).KillOrdered = true;
                if (!draining && schedule.Chance(50))
                {
                    Find(endpoint).Kill();
                }

                break;
            case DispatchActionKind.Abort:
                var worker = Find(endpoint);
                if (worker.Alive || worker.Ended)
                {
                    throw new SimulationViolation($"{endpoint} is accused: {action.Reason}");
                }

                worker.Ended = true;
                worker.Kernel.Clear();
                dispatcher.SessionEnded(endpoint, action.Reason!, now);
                break;
            case DispatchActionKind.Pump:
            case DispatchActionKind.Quarantined:
            case DispatchActionKind.QueueFell:
            case DispatchActionKind.LateOutcome:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "nobody carries it out");
        }
    }
}
