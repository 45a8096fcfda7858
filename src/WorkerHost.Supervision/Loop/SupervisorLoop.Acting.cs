using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>Carries out what the crew decided.</summary>
internal sealed partial class SupervisorLoop
{
    private readonly List<WorkerDeath> untold = [];
    private readonly List<SupervisorEvent> unsaid = [];
    private SupervisorPicture picture;
    private DeathReport? lastDeath;
    private bool stopping;

    /// <param name="decided">In this order.</param>
    /// <param name="exited">The end that is to be reported, if it is one.</param>
    private async Task ActAsync(ImmutableArray<CrewAction> decided, SupervisorMessage.Exited? exited)
    {
        while (seats.Count < crew.Slots.Count)
        {
            seats.Add(new Seat(crew.Slots[seats.Count]));
        }

        foreach (var (slot, action) in decided)
        {
            if (action is SlotAction.Report report)
            {
                Report(seats[slot], report, exited ?? throw new InvalidOperationException("a death without an exit"));
            }
        }

        // The picture first: whoever hears from the pool looks at it next. And both before anything that takes time; a spawn
        // is a millisecond.
        var happened = Redraw();
        Publish();
        Say(happened);
        foreach (var (slot, action) in decided)
        {
            await ActAsync(seats[slot], action).ConfigureAwait(false);
        }

        if (decided.Any(static d => d.Action is SlotAction.Spawn))
        {
            // Now there are processes to show.
            Show();
        }
    }

    private async Task ActAsync(Seat seat, SlotAction action)
    {
        switch (action)
        {
            case SlotAction.Spawn spawn:
                await SpawnAsync(seat, new WorkerId(options.PoolName, seat.Number, spawn.Incarnation)).ConfigureAwait(false);
                break;
            case SlotAction.AskToLeave ask:
                seat.Worker?.AskToLeave(ask.InItsOwnTime);
                break;
            case SlotAction.Terminate:
                seat.Worker?.Terminate();
                break;
            case SlotAction.KillGroup:
                seat.Worker?.KillGroup();
                break;
            case SlotAction.SetTimer timer:
                seat.SetTimer(time, timer.Kind, timer.Delay, Tell);
                break;
            case SlotAction.CancelTimer:
                seat.CancelTimer();
                break;
            case SlotAction.Report:
                break;
            case SlotAction.SayOverdue late:
                Say(new SupervisorEvent.DrainOverdue(new WorkerId(options.PoolName, seat.Number, late.Incarnation), seat.Worker?.Pid ?? 0, late.For, late.Running));
                break;
            case SlotAction.Abandon abandon:
                Say(new SupervisorEvent.LeftBehind(new WorkerId(options.PoolName, seat.Number, abandon.Incarnation), seat.Worker?.Pid ?? 0));
                break;
            default:
                throw new InvalidOperationException($"a supervisor cannot do {action}");
        }
    }

    /// <summary>
    /// Waits for the spawn itself, about a millisecond: in return nothing can be asked of a process that is not there yet.
    /// </summary>
    private async Task SpawnAsync(Seat seat, WorkerId id)
    {
        WorkerProcess? worker = null;
        try
        {
            worker = new WorkerProcess(
                launcher.Plan(id),
                NewVitals(),
                new WorkerOutput(id, output, options.Output, options.OutputTailLines, Now),
                time,
                Now,
                Tell,
                (who, error) => Notice(new SupervisorEvent.Faulted(who.Id, "watching it failed", error)));
            seat.Worker = worker;
            await worker.StartAsync(launcher, options).ConfigureAwait(false);
        }
        catch (Exception e) when (worker is null or { Pid: 0 })
        {
            // Whatever it is, one worker's start is no reason to lose the others. Through the inbox like any other end: a
            // machine is not told of an end while it is still starting.
            Tell(new SupervisorMessage.Exited(id, worker, ExitFacts.NotStarted(e.Message), null));
        }
        catch (Exception e)
        {
            // The process is there, and nobody could look after it. Its end will be told.
            Say(new SupervisorEvent.Faulted(id, "it was started and could not be watched", e));
            worker!.KillGroup();
        }
    }

    private void Report(Seat seat, SlotAction.Report action, SupervisorMessage.Exited exited)
    {
        var report = DeathReports.Make(action, exited, LoadOf(exited.Id), OomHint(action, exited), time.GetUtcNow());
        seat.LastDeath = report;
        seat.FirstDeath ??= report;
        lastDeath = report;
        untold.Add(new WorkerDeath(report, exited.Worker?.Evidence ?? LedgerEvidence.None));
        unsaid.Add(new SupervisorEvent.Died(report));
    }

    /// <summary>A worker with a memory group of its own needs none: there it is known.</summary>
    private string? OomHint(SlotAction.Report action, SupervisorMessage.Exited exited) =>
        action.Cause == DeathCause.Killed && exited.Facts.Signal == SignalNames.Kill && exited.Worker?.Plan.ControlGroup?.OomKills is null
            ? oom.Hint(Now())
            : null;

    public WorkerLoad LoadOf(WorkerId id)
    {
        try
        {
            return Volatile.Read(ref load)?.Invoke(id) ?? WorkerLoad.None;
        }
        catch (Exception e)
        {
            Say(new SupervisorEvent.Faulted(id, "its pool could not say what it was running", e));
            return WorkerLoad.None;
        }
    }

    private void Publish()
    {
        var before = Feed.Current;
        var noneWanted = stopping ? "the supervisor of its workers was stopped"
            : crew.Size.Workers == 0 ? $"the pool was scaled to 0 workers ({options.Names["Supervisor.ScaleAsync"]})"
            : null;
        var set = Snapshots.Workers(before.Version + 1, seats, [.. untold], lastDeath, options.Concurrency, noneWanted, Now());
        if (!Snapshots.Same(before, set))
        {
            untold.Clear();
            Feed.Publish(set);
        }
    }

    private void Show() => Say(Redraw());

    /// <summary>Makes the picture of how things are now.</summary>
    /// <returns>What has happened since the one before, to be said.</returns>
    private SupervisorEvent[] Redraw()
    {
        var today = time.GetUtcNow();
        var now = Now();
        var before = picture;
        var (happened, after) = Happenings.Between(before, new SupervisorPicture(
            [.. seats.Select(s => Snapshots.Status(options.PoolName, s, today, now))],
            crew.Size,
            options.ReadyAtLeast,
            crew.Generation,
            crew.FailedGeneration,
            crew.HasReached(crew.Generation),
            stopping,
            lastDeath,
            options.Names));
        SupervisorEvent[] all = [.. unsaid, .. happened];
        unsaid.Clear();
        Volatile.Write(ref picture, after with { Totals = all.Aggregate(before.Totals, static (totals, e) => totals.With(e)) });
        return all;
    }

    private void Say(SupervisorEvent[] all) => Array.ForEach(all, Say);

    /// <summary>The one place where a supervisor says what happened: to watchers (the log is one), metrics and traces. From any thread.</summary>
    private void Say(SupervisorEvent what)
    {
        var said = events.Add(what);
        try
        {
            SupervisionMeter.Record(said);
            SupervisionSpans.Record(said);
        }
        catch (Exception)
        {
            // A listener of the user's threw; that is no reason to stop supervising, and the event was told.
        }
    }
}
