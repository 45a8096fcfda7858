using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>Tells from two pictures what has happened between them, so that no decision has to tell it as well. Pure.</summary>
internal static class Happenings
{
    /// <returns>What happened, causes before effects, and the later picture with what it must remember of it.</returns>
    public static (ImmutableArray<SupervisorEvent> Events, SupervisorPicture After) Between(SupervisorPicture before, SupervisorPicture after)
    {
        var events = ImmutableArray.CreateBuilder<SupervisorEvent>();
        var restart = before.RestartUnderWay;
        if (after.Size.Workers != before.Size.Workers)
        {
            events.Add(new SupervisorEvent.Scaled(before.Size.Workers, after.Size.Workers));
        }

        if (after.Generation > before.Generation)
        {
            restart = after.Generation;
            events.Add(new SupervisorEvent.RestartStarted(restart));
        }

        for (var i = 0; i < after.Slots.Length; i++)
        {
            Slot(events, i < before.Slots.Length ? before.Slots[i] : null, after.Slots[i]);
        }

        if (restart > 0 && after.FailedGeneration >= restart)
        {
            events.Add(new SupervisorEvent.RestartGivenUp(restart, after.Readiness.Serving, after.LastDeath!));
            restart = 0;
        }
        else if (restart > 0 && after.GenerationIsThere)
        {
            events.Add(new SupervisorEvent.RestartFinished(restart));
            restart = 0;
        }

        if (after.Readiness.IsReady != before.Readiness.IsReady)
        {
            events.Add(new SupervisorEvent.ReadinessChanged(after.Readiness));
        }

        return (events.ToImmutable(), after with { RestartUnderWay = restart });
    }

    private static void Slot(ImmutableArray<SupervisorEvent>.Builder events, WorkerStatus? before, WorkerStatus after)
    {
        // What was of another incarnation says nothing about this one.
        var same = before is not null && before.Id == after.Id;
        if (after.Pid != 0 && !(same && before!.Pid != 0))
        {
            events.Add(new SupervisorEvent.Started(after.Id, after.Pid));
        }

        if (after.BootTime is { } bootTime && !(same && before!.BootTime is not null))
        {
            events.Add(new SupervisorEvent.Ready(after.Id, after.Pid, bootTime, after.IsSpare));
        }
        else if (same && before!.IsSpare && after is { State: SlotState.Ready, IsSpare: false })
        {
            events.Add(new SupervisorEvent.Promoted(after.Id, after.Pid));
        }

        Vitals(events, same ? before : null, after);
        if (after.LeavingBecause is { } reason && !(same && before!.LeavingBecause is not null))
        {
            events.Add(new SupervisorEvent.Draining(after.Id, after.Pid, reason));
        }

        if (after.BreakerOpen != (before?.BreakerOpen ?? false))
        {
            events.Add(after.BreakerOpen ? new SupervisorEvent.BreakerOpened(after.Id) : new SupervisorEvent.BreakerClosed(after.Id));
        }

        if (after.NextTryAt is { } next && !(same && before!.NextTryAt is not null))
        {
            events.Add(new SupervisorEvent.Waiting(after.Id, next));
        }
    }

    /// <param name="events">What happened.</param>
    /// <param name="before">The same worker as it was; null where there was another.</param>
    /// <param name="after">As it is.</param>
    private static void Vitals(ImmutableArray<SupervisorEvent>.Builder events, WorkerStatus? before, WorkerStatus after)
    {
        if (after.Pid == 0)
        {
            return;
        }

        if (after.IsBeingDebugged != (before?.IsBeingDebugged ?? false))
        {
            events.Add(after.IsBeingDebugged ? new SupervisorEvent.DebuggerAttached(after.Id, after.Pid) : new SupervisorEvent.DebuggerDetached(after.Id, after.Pid));
        }

        if (after.IsSuspect != (before?.IsSuspect ?? false))
        {
            events.Add(after.IsSuspect ? new SupervisorEvent.Suspected(after.Id, after.Pid, after.SilentFor ?? TimeSpan.Zero) : new SupervisorEvent.Recovered(after.Id, after.Pid));
        }
    }
}
