using System.Collections.Immutable;
using System.Globalization;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>The real crew with its slots, in a shell that does what <see cref="SupervisorLoop"/> does: messages in, one after the other; actions and worker sets out.</summary>
internal sealed class SimSupervisor
{
    private readonly World world;
    private readonly Agenda agenda;
    private readonly Plan plan;
    private readonly Dice dice;
    private readonly List<Seat> seats = [];
    private readonly List<SimProcess?> sitting = [];
    private readonly List<WorkerVitals?> vitals = [];
    private readonly List<(SlotTimer Kind, long Number)> timers = [];
    private readonly Link<Action> inbox;
    private readonly LookPace pace;
    private readonly List<WorkerDeath> untold = [];
    private readonly List<(string What, Func<Crew, bool> IsReached)> goals = [];
    private WorkerSet told = WorkerSet.Empty;
    private DeathReport? lastDeath;
    private long stalledUntil;
    private int lastPid = 100;
    private bool stopping;

    public SimSupervisor(World world)
    {
        this.world = world;
        agenda = world.Agenda;
        plan = world.Plan;
        dice = world.Dice;
        var workers = plan.Workers + world.Sabotage switch
        {
            Sabotage.OneWorkerTooMany => 1,
            Sabotage.OneWorkerTooFew => -1,
            _ => 0,
        };
        var spares = plan.Spares + (world.Sabotage == Sabotage.TooManySpares ? 4 : 0);
        Crew = new Crew(new CrewSize(workers, spares, plan.Surge), _ => new SlotMachine(plan.Times, new RestartPolicy(plan.Restart, dice)));
        Size = new CrewSize(plan.Workers, plan.Spares, plan.Surge);
        inbox = new Link<Action>(agenda, () => Math.Max(stalledUntil - agenda.Now, 0) + dice.Ms(0.01, 0.5), Handle);
        pace = new LookPace(plan.Liveness);
        Sets = new Link<WorkerSet?>(agenda, () => dice.Ms(0.01, world.Faulty && dice.Chance(plan.Slow / 4) ? 300 : 0.2), set => world.Pool.Apply(set));
    }

    public Crew Crew { get; }

    /// <summary>What was asked for.</summary>
    public CrewSize Size { get; private set; }

    public Link<WorkerSet?> Sets { get; }

    /// <summary>What operators wait for.</summary>
    public IEnumerable<string> Goals => goals.Select(static g => g.What);

    /// <summary>Nothing of it happens any more.</summary>
    public bool HasStopped { get; private set; }

    public bool IsStopping => stopping;

    /// <summary>Until then it was held up last.</summary>
    public long LastStall { get; private set; }

    public void Start()
    {
        Act(Crew.Start(agenda.Time), default);
        agenda.After(plan.Liveness.HeartbeatInterval, Look);
    }

    // ---- what it is told ----

    public void Booted(SimProcess process) => Tell(() =>
    {
        var slot = process.Id.Slot;
        if (seats[slot].Machine.State == SlotState.Starting && sitting[slot] == process)
        {
            process.ReadyAt = agenda.Time;
        }

        Handle(slot, new SlotEvent.Booted(agenda.Time, process.Id.Incarnation));
    });

    public void Exited(SimProcess process, ExitFacts facts)
    {
        var unknown = world.Faulty && dice.Chance(1);
        agenda.After(dice.Ms(0.1, world.Faulty && dice.Chance(plan.Slow / 3) ? 1500 : 5), () => Tell(() => Observe(process, unknown ? ExitFacts.Unknown : facts)));
    }

    /// <summary>What its pool wants of one worker, who may be gone by now.</summary>
    public void Request(WorkerId id, Func<TimeSpan, long, SlotEvent.Request> what) => Tell(() =>
    {
        var incarnation = world.Sabotage == Sabotage.KillTheNextIncarnation ? seats[id.Slot].Machine.Incarnation : id.Incarnation;
        Handle(id.Slot, what(agenda.Time, incarnation));
    });

    public void Resize(int workers, int spares) => Tell(() =>
    {
        world.Story?.Tell($"scaled to {workers} workers and {spares} spares");
        Size = Size with { Workers = workers, Spares = spares };
        goals.Add(($"scaling to {workers}", static crew => crew.IsComplete));
        Act(Crew.Resize(Crew.Size with { Workers = workers, Spares = spares }, agenda.Time), default);
    });

    public void Restart(bool rolling) => Tell(() =>
    {
        world.Story?.Tell(rolling ? "rolling restart" : "restart of all at once");
        var decided = Crew.Restart(rolling, "restart", agenda.Time);
        var generation = Crew.Generation;
        goals.Add(($"restart {generation}", crew => crew.HasReached(generation) || crew.FailedGeneration >= generation));
        Act(decided, default);
    });

    public void Drain(WorkerId id) => Tell(() =>
    {
        world.Story?.Tell($"{id} is to be drained");
        goals.Add(($"draining {id}", crew => !crew.Slots.Any(s => s.Number == id.Slot && s.Machine.Incarnation == id.Incarnation && s.IsOccupied)));
        Handle(id.Slot, new SlotEvent.RecycleRequested(agenda.Time, id.Incarnation, "it was told to drain"));
    });

    public void Stop() => Tell(() =>
    {
        world.Story?.Tell("the supervisor stops");
        stopping = true;
        if (!world.Once(Sabotage.ForgetStop))
        {
            Act(Crew.Stop(agenda.Time), default);
        }
    });

    /// <summary>Its loop is held up: everything it is told waits.</summary>
    public void Stall(long ticks)
    {
        world.Story?.Tell($"the supervisor stalls for {TimeSpan.FromTicks(ticks)}");
        stalledUntil = agenda.Now + ticks;
        LastStall = stalledUntil;
    }

    private void Tell(Action message)
    {
        if (!HasStopped)
        {
            inbox.Put(message);
        }
    }

    private void Handle(Action message)
    {
        if (!HasStopped)
        {
            message();
            if (goals.Count > 0 && world.Sabotage != Sabotage.ForgetGoal)
            {
                goals.RemoveAll(g => g.IsReached(Crew));
            }
        }
    }

    private void Observe(SimProcess process, ExitFacts facts)
    {
        var slot = process.Id.Slot;
        process.DeathObserved = true;
        process.End = facts;
        if (sitting[slot] == process)
        {
            sitting[slot] = null;
        }

        long? finished = process.HasLedger ? process.Finished : null;
        Handle(slot, new SlotEvent.Exited(agenda.Time, process.Id.Incarnation, facts, finished), (process, facts));
    }

    private void Handle(int slot, SlotEvent e, (SimProcess? Process, ExitFacts? Facts) exited = default)
    {
        var now = Crew.Slots[slot].Machine.Incarnation;
        var actions = Crew.Handle(slot, e);
        if (e is SlotEvent.OfIncarnation of && of.Incarnation != now)
        {
            Checks.AfterStale(slot, e, actions);
        }

        Act(actions, exited);
        Checks.AtRest(e, Crew.Resize(Crew.Size, agenda.Time));
    }

    // ---- what it does ----

    private void Act(ImmutableArray<CrewAction> decided, (SimProcess? Process, ExitFacts? Facts) exited)
    {
        while (seats.Count < Crew.Slots.Count)
        {
            seats.Add(new Seat(Crew.Slots[seats.Count]));
            sitting.Add(null);
            vitals.Add(null);
            timers.Add(default);
        }

        foreach (var (slot, action) in decided)
        {
            if (action is SlotAction.Report report)
            {
                Report(slot, report, exited.Process, exited.Facts!);
            }
        }

        Publish();
        foreach (var (slot, action) in decided)
        {
            Act(slot, action);
        }

        if (Crew.HasStopped && !HasStopped)
        {
            world.Story?.Tell("the supervisor has stopped");
            HasStopped = true;
            Sets.Put(null);
        }
    }

    private void Act(int slot, SlotAction action)
    {
        if (action is SlotAction.AskToLeave or SlotAction.Terminate or SlotAction.KillGroup && sitting[slot] is { } leaver)
        {
            leaver.ToldToLeave = true;
        }

        switch (action)
        {
            case SlotAction.Spawn spawn:
                Spawn(slot, spawn.Incarnation);
                break;
            case SlotAction.AskToLeave:
                sitting[slot]?.AskToLeave();
                break;
            case SlotAction.Terminate:
                sitting[slot]?.Terminate();
                break;
            case SlotAction.KillGroup:
                if (!world.Once(Sabotage.LeaveOneAlive, when: stopping && sitting[slot] is { Alive: true }))
                {
                    sitting[slot]?.KillNow(Fate.Signalled);
                }

                break;
            case SlotAction.SetTimer timer:
                SetTimer(slot, timer.Kind, timer.Delay);
                break;
            case SlotAction.CancelTimer:
                timers[slot] = (default, timers[slot].Number + 1);
                break;
            case SlotAction.Abandon:
                if (sitting[slot] is { } left)
                {
                    left.Abandoned = true;
                }

                break;
            case SlotAction.Report or SlotAction.SayOverdue:
                break;
            default:
                throw new Violation($"a supervisor cannot do {action}");
        }
    }

    private void Spawn(int slot, long incarnation)
    {
        var id = new WorkerId("sim", slot, incarnation);
        Checks.AtSpawn(world, id, stopping);
        if (world.Faulty && dice.Chance(plan.BootFails / 8))
        {
            sitting[slot] = null;
            vitals[slot] = null;
            Tell(() => Handle(slot, new SlotEvent.Exited(agenda.Time, incarnation, ExitFacts.NotStarted("no such file"), null), (null, ExitFacts.NotStarted("no such file"))));
            return;
        }

        var limits = WorkerLimits.Draw(plan.Recycling, dice);
        var process = new SimProcess(world, id, ++lastPid, limits.Tasks);
        world.Story?.Tell($"{id} is spawned");
        sitting[slot] = process;
        vitals[slot] = new WorkerVitals(limits, plan.Liveness, plan.Recycling);
        world.Processes.Add(process);
        process.Boot();
    }

    private void SetTimer(int slot, SlotTimer kind, TimeSpan delay)
    {
        var number = timers[slot].Number + 1;
        timers[slot] = (kind, number);
        agenda.After(delay, () => Tell(() =>
        {
            if (timers[slot].Number == number)
            {
                TimerElapsed(slot, kind);
            }
        }));
    }

    private void TimerElapsed(int slot, SlotTimer kind)
    {
        var (incarnation, now) = (seats[slot].Machine.Incarnation, agenda.Time);
        Handle(slot, kind switch
        {
            SlotTimer.Boot => new SlotEvent.BootTimedOut(now, incarnation),
            SlotTimer.Drain => new SlotEvent.DrainTimedOut(now, incarnation, Running(slot)),
            SlotTimer.Grace => new SlotEvent.GraceElapsed(now, incarnation),
            SlotTimer.Backoff => new SlotEvent.BackoffElapsed(now, incarnation),
            _ => throw new Violation($"no such timer: {kind}"),
        });
    }

    private int Running(int slot) => sitting[slot] is { } process ? Math.Max(world.Pool.RunningOn(process.Id), process.Alive ? process.RunningCount : 0) : 0;

    private void Report(int slot, SlotAction.Report action, SimProcess? process, ExitFacts facts)
    {
        var cause = action.Cause;
        if (cause == DeathCause.Crash && world.Once(Sabotage.CallCrashesOrdered))
        {
            cause = DeathCause.Ordered;
        }

        var id = new WorkerId("sim", slot, action.Incarnation);
        Checks.AtReport(world, id, cause, action.ReadyFor, process, stopping);
        if (cause == DeathCause.Killed && world.Once(Sabotage.CallKillsCrashes, when: process is { RanAtTheEnd: > 0 }))
        {
            cause = DeathCause.Crash;
        }

        if (process is not null)
        {
            process.Cause = cause;
        }

        lastDeath = new DeathReport
        {
            Worker = id,
            Pid = process?.Endpoint.Pid ?? 0,
            Time = DateTimeOffset.UnixEpoch + agenda.Time,
            ReadyFor = action.ReadyFor,
            Cause = cause,
            ExitCode = facts.ExitCode,
            Signal = facts.Signal is { } signal ? SignalNames.Name(signal) : null,
            Reason = action.Reason,
            Next = action.Next,
            NextTryIn = action.NextIn,
        };
        world.Story?.Tell(string.Create(CultureInfo.InvariantCulture, $"{id} is reported: {cause}, {facts}; {action.Next}"));
        if (!world.Once(Sabotage.KeepDeathSecret, when: process is { RanAtTheEnd: > 0 }))
        {
            untold.Add(new WorkerDeath(lastDeath, process?.Evidence ?? LedgerEvidence.None));
        }
    }

    private void Publish()
    {
        var now = agenda.Time;
        var noneWanted = stopping ? "the supervisor was stopped" : Crew.Size.Workers == 0 ? "scaled to 0" : null;
        var set = new WorkerSet(
            told.Version + 1,
            Endpoints(static s => s.Serves),
            Endpoints(static s => s.IsSpare),
            Leaving(),
            [.. untold],
            Snapshots.Outlook(seats, lastDeath, noneWanted, now));
        if (!Snapshots.Same(told, set))
        {
            untold.Clear();
            told = set;
            Sets.Put(set);
        }
    }

    private ImmutableArray<WorkerEndpoint> Endpoints(Predicate<CrewSlot> which)
    {
        var found = ImmutableArray<WorkerEndpoint>.Empty;
        for (var slot = 0; slot < seats.Count; slot++)
        {
            if (which(seats[slot].Slot))
            {
                found = found.Add(sitting[slot]!.Endpoint);
            }
        }

        return found;
    }

    private ImmutableArray<WorkerId> Leaving()
    {
        var found = ImmutableArray<WorkerId>.Empty;
        for (var slot = 0; slot < seats.Count; slot++)
        {
            if (seats[slot].Machine.State is SlotState.Draining or SlotState.Stopping && sitting[slot] is { ReadyAt: not null } process)
            {
                found = found.Add(process.Id);
            }
        }

        return found;
    }

    // ---- its looks ----

    private void Look()
    {
        if (HasStopped)
        {
            return;
        }

        if (stalledUntil > agenda.Now)
        {
            agenda.At(stalledUntil, Look);
            return;
        }

        var (counts, _) = pace.Look(agenda.Time);
        var count = seats.Count;
        for (var slot = 0; slot < count; slot++)
        {
            if (seats[slot].Slot.IsOccupied && sitting[slot] is { Alive: true } process)
            {
                Heed(slot, vitals[slot]!.Look(agenda.Time, counts, seats[slot].Machine.State, process.ReadyAt, process.Signs));
            }
        }

        agenda.After(plan.Liveness.HeartbeatInterval, Look);
    }

    private void Heed(int slot, Judgement judgement)
    {
        var (incarnation, now) = (seats[slot].Machine.Incarnation, agenda.Time);
        switch (judgement.Kind)
        {
            case JudgementKind.None:
            case JudgementKind.Recycle when seats[slot].Slot.Wish is not null:
                break;
            case JudgementKind.Recycle:
                Handle(slot, new SlotEvent.RecycleRequested(now, incarnation, judgement.Reason!));
                break;
            case JudgementKind.Dead:
                Handle(slot, new SlotEvent.Condemned(now, incarnation, LeaveKind.Hang, judgement.Reason!));
                break;
            case JudgementKind.OverLimit:
                Handle(slot, new SlotEvent.Condemned(now, incarnation, LeaveKind.Limit, judgement.Reason!));
                break;
            default:
                throw new Violation($"nobody heeds {judgement}");
        }
    }
}
