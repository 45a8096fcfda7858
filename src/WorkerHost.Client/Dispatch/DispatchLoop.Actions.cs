namespace WorkerHost.Client;

/// <summary>Carries out, outside the gate, what the dispatcher decided inside it.</summary>
internal sealed partial class DispatchLoop
{
    private List<DispatchAction> TakeActions()
    {
        var replacement = cachedActions ?? [];
        cachedActions = null;
        var taken = dispatcher.TakeActions(replacement);
        if (dispatcher is { Stopping: true, Unsettled: 0 })
        {
            // Its continuations run elsewhere (RunContinuationsAsynchronously): nobody is called from inside the gate.
            drained.TrySetResult();
        }

        return taken;
    }

    private void Carry(List<DispatchAction> actions)
    {
        if (TellsTogether ? CarryTogether(actions) : CarryAll(actions))
        {
            AdmitWaiters();
        }
    }

    private bool CarryTogether(List<DispatchAction> actions)
    {
        ToldTogether.Begin();
        var admits = CarryAll(actions);
        ToldTogether.End();
        return admits;
    }

    /// <summary>Those who are told have something to do once for all that they are told at a time.</summary>
    public bool TellsTogether { get; set; }

    /// <summary>True: somebody may be waiting for a place that is free now.</summary>
    private bool CarryAll(List<DispatchAction> actions)
    {
        var queueFell = false;

        // Workers first: they should be busy while the callers' futures are completed.
        foreach (var action in actions)
        {
            if (action.Kind == DispatchActionKind.Pump)
            {
                Carry(action);
            }
        }

        foreach (var action in actions)
        {
            queueFell |= action.Kind == DispatchActionKind.QueueFell;
            if (action.Kind != DispatchActionKind.Pump)
            {
                Carry(action);
            }
        }

        actions.Clear();
        cachedActions = actions;
        return queueFell;
    }

    private void Carry(in DispatchAction action)
    {
        try
        {
            CarryOne(action);
        }
        catch (Exception e)
        {
            // A logger, a supervisor or a strategy of the user's threw: that is no reason to forget the other tasks.
            Broke(e, action.Kind.ToString());
        }
    }

    private void Broke(Exception exception, string what)
    {
        try
        {
            Log.ActionBroke(logger, exception, what);
        }
        catch (Exception)
        {
            // The logger itself is broken; there is nobody left to tell.
        }
    }

    private void CarryOne(in DispatchAction action)
    {
        var entry = action.Entry;
        var endpoint = action.Endpoint;
        switch (action.Kind)
        {
            case DispatchActionKind.QueueFell:
                break;
            case DispatchActionKind.Pump:
                ((IEndpointConnection)endpoint!.Connection!).Pump(endpoint.LaneWaits);
                break;
            case DispatchActionKind.OpenCall:
                entry!.Trace?.Written(entry, endpoint!);
                ((IEndpointConnection)endpoint!.Connection!).Open(entry, action.Sequence);
                break;
            case DispatchActionKind.Complete:
                if (entry!.Stop is not (StopReason.Cancelled or StopReason.Expired))
                {
                    entry.Trace?.AttemptEnded(action.Outcome.Failure);
                }

                entry.Completion!.Complete(action.Outcome);
                entry.Told();
                break;
            case DispatchActionKind.Settle:
                entry!.Trace?.AttemptEnded(entry);
                entry.Completion!.Settle();
                entry.Told();
                break;
            case DispatchActionKind.AttemptFailed:
                entry!.Trace?.AttemptEnded(action.Outcome.Failure);
                retries.AttemptFailed(this, entry, action.Outcome);
                break;
            case DispatchActionKind.DeadlineTimer or DispatchActionKind.StopTimer or DispatchActionKind.SessionTimer or DispatchActionKind.RestTimer or DispatchActionKind.LookTimer:
                SetTimer(action.Kind, action.Delay, entry, endpoint, action.Sequence);
                break;
            case DispatchActionKind.LimboTimer:
                Log.SessionBroke(logger, endpoint!.Worker.Id, endpoint.Worker.Address, action.Reason!, action.Sequence, endpoint.Host!.Instance, action.Delay);
                SetTimer(action.Kind, action.Delay, entry, endpoint, action.Sequence);
                break;
            case DispatchActionKind.PrepareReplacement:
                backChannel?.PrepareReplacement(endpoint!.Worker.Id);
                break;
            case DispatchActionKind.Recycle:
                backChannel?.Recycle(endpoint!.Worker.Id, action.Reason!);
                break;
            case DispatchActionKind.Kill:
                backChannel?.Kill(endpoint!.Worker.Id, action.Reason!, action.Delay);
                Log.KillOrdered(logger, endpoint!.Worker.Id, action.Reason!);
                break;
            case DispatchActionKind.Abort:
                ((IEndpointConnection)endpoint!.Connection!).Abort(action.Reason!);
                Log.SessionAborted(logger, endpoint.Worker.Id, action.Reason!);
                break;
            case DispatchActionKind.Quarantined:
                Log.Quarantined(logger, action.Outcome.Failure!.Message);
                break;
            case DispatchActionKind.Attached:
                Log.Attached(logger, endpoint!.Worker.Id, endpoint.Worker.Address, action.Sequence, endpoint.Host!.Instance);
                break;
            case DispatchActionKind.HostLost:
                Log.HostLost(logger, endpoint!.Worker.Id, endpoint.Worker.Address, action.Sequence, action.Reason!);
                break;
            case DispatchActionKind.LateOutcome:
                Log.LateOutcome(logger, endpoint!.Worker.Id, action.Sequence);
                break;
            default:
                throw new InvalidOperationException($"no one carries out {action.Kind}");
        }
    }

    /// <summary>A method of its own: what a timer captures is allocated on entry, and most actions set none.</summary>
    private void SetTimer(DispatchActionKind kind, TimeSpan delay, TaskEntry? entry, EndpointState? endpoint, ulong sequence) => due.Add(delay, entry, () => OnTime(kind switch
    {
        DispatchActionKind.DeadlineTimer => d => d.Expired(entry!, Now),
        DispatchActionKind.StopTimer => d => d.StopOverdue(entry!, endpoint!, sequence),
        DispatchActionKind.SessionTimer => d => d.SessionOverdue(endpoint!),
        DispatchActionKind.RestTimer => d => d.Rested(endpoint!, Now),
        DispatchActionKind.LookTimer => d => d.Look(Now),
        DispatchActionKind.LimboTimer => d => d.LimboOverdue(endpoint!, Now),
        _ => throw new InvalidOperationException($"{kind} is no timer"),
    }));
}
