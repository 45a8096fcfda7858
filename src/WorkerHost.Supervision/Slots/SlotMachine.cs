using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>How long a slot waits for what.</summary>
/// <param name="Boot">From the spawn until it is ready.</param>
/// <param name="Drain">From being asked to leave until it is signalled; one that is replaced as planned is then looked at, and may work on.</param>
/// <param name="TerminateGrace">From SIGTERM to SIGKILL.</param>
/// <param name="LongestDrain">For how long one that is replaced as planned may work on; null: as long as its work takes.</param>
internal sealed record SlotTimes(TimeSpan Boot, TimeSpan Drain, TimeSpan TerminateGrace, TimeSpan? LongestDrain = null)
{
    /// <summary>What settings are called in reasons.</summary>
    public SettingNames Names { get; init; } = SettingNames.Members;
}

/// <summary>
/// One slot's life as a pure state machine: events in, actions out, no clock, no process, no await. It decides
/// everything; whoever owns it only acts. Events of another incarnation than the present one are stale and change
/// nothing; an event that cannot happen throws.
/// </summary>
internal sealed class SlotMachine(SlotTimes times, RestartPolicy policy)
{
    private const int StoryLength = 24;

    /// <summary>SIGKILL is obeyed within milliseconds, unless the process sits in the kernel; then nothing helps.</summary>
    private static readonly TimeSpan KillWait = TimeSpan.FromSeconds(5);

    /// <summary>One look per second is enough at what may work for hours, however short the time for draining is.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    private static readonly SlotAction CancelTimer = new SlotAction.CancelTimer();
    private static readonly SlotAction Terminate = new SlotAction.Terminate();
    private static readonly SlotAction KillGroup = new SlotAction.KillGroup();
    private static readonly SlotAction AskToLeave = new SlotAction.AskToLeave(InItsOwnTime: false);

    private readonly Queue<string> story = new(StoryLength);
    private Leave? leave;
    private Step step;
    private TimeSpan? readyAt;
    private TimeSpan askedAt;
    private bool overdue;
    private TimeSpan graceEndsAt;
    private TimeSpan notBefore;
    private bool placeIsFree;

    /// <summary>How far the way out has been walked: asked, signalled, killed, given up.</summary>
    private enum Step
    {
        None,
        Asked,
        Terminated,
        Killed,
        Abandoned,
    }

    public SlotState State { get; private set; }

    /// <summary>The present filling, or the last one when there is none; 0 before the first.</summary>
    public long Incarnation { get; private set; }

    /// <summary>Too many unproductive deaths, and no worker since that became ready.</summary>
    public bool BreakerOpen => policy.BreakerOpen && readyAt is null;

    /// <summary>Its breaker has not been closed by a useful run yet, and its present worker has not been healthy for long enough.</summary>
    public bool IsOnProbation(TimeSpan now) => policy.BreakerOpen && !(readyAt is { } since && policy.IsHealthy(now - since));

    /// <summary>When its breaker counts as closed, if its present worker stays ready until then; null: there is none, or none on probation.</summary>
    public TimeSpan? ProbationEndsAt => policy.BreakerOpen ? readyAt + policy.StableAfter : null;

    /// <summary>It was asked to leave and may take its time; nobody has signalled it yet.</summary>
    public bool LeavesPolitely => State is SlotState.Draining && step == Step.Asked;

    /// <summary>
    /// It has a worker or will have one by itself: nobody else has to take its place. A worker that was sent SIGKILL
    /// without a grace is as good as gone, and its slot as good as started again; every other is not waited for, nor is one
    /// that was only starting and is not wanted any more.
    /// </summary>
    public bool IsManned => State is SlotState.Starting or SlotState.Ready or SlotState.BackingOff or SlotState.CrashLooping
        || (State is SlotState.Draining && !placeIsFree);

    /// <summary>If its worker ended now, it would be one that could not boot.</summary>
    public bool IsFailingToBoot => leave is { Kind: LeaveKind.BootTimeout or LeaveKind.Rejected } || (leave is null or { Kind: LeaveKind.Limit } && readyAt is null);

    /// <summary>Why its worker is on its way out; null when it is not.</summary>
    public string? LeavingBecause => State is SlotState.Draining or SlotState.Stopping ? leave?.Reason : null;

    /// <summary>When the next worker is started; null unless backing off.</summary>
    public TimeSpan? NextTryAt { get; private set; }

    public ImmutableArray<SlotAction> Handle(SlotEvent e)
    {
        if (e is SlotEvent.OfIncarnation of && of.Incarnation != Incarnation)
        {
            return of.Incarnation < Incarnation || e is SlotEvent.Request ? [] : throw Impossible(e);
        }

        var before = State;
        var actions = State switch
        {
            SlotState.Empty => WhenEmpty(e),
            SlotState.Starting => WhenStarting(e),
            SlotState.Ready => WhenReady(e),
            SlotState.Draining => WhenLeaving(e),
            SlotState.Stopping => WhenLeaving(e),
            SlotState.BackingOff => WhenWaiting(e),
            SlotState.CrashLooping => WhenWaiting(e),
            SlotState.Stopped => WhenStopped(e),
            _ => throw Impossible(e),
        };
        Remember($"{before} -> {State}: {e}");
        return actions;
    }

    private ImmutableArray<SlotAction> WhenEmpty(SlotEvent e) => e switch
    {
        SlotEvent.Start => StartPaced(e.At),
        SlotEvent.StopRequested => End(),

        // About the worker that was here before.
        SlotEvent.Booted or SlotEvent.Request => [],
        _ => throw Impossible(e),
    };

    private ImmutableArray<SlotAction> WhenStarting(SlotEvent e)
    {
        switch (e)
        {
            case SlotEvent.Booted:
                State = SlotState.Ready;
                readyAt = e.At;
                return [CancelTimer];
            case SlotEvent.Exited exited:
                return Died(exited);
            case SlotEvent.BootTimedOut:
                State = SlotState.Draining;
                leave = new Leave(LeaveKind.BootTimeout, $"not ready after {DurationText.Exact(times.Boot)} ({times.Names["BootTimeout"]})", Signalled: true);
                return Kill();

            case SlotEvent.Rejected:
                return [];

            case SlotEvent.Condemned condemned:
                return Condemn(condemned);

            case SlotEvent.RecycleRequested recycle:
                placeIsFree = true;
                return Drop(SlotState.Draining, LeaveKind.Recycle, recycle.Reason);
            case SlotEvent.KillRequested kill:
                return LeaveNow(SlotState.Draining, LeaveKind.Ordered, kill.Reason, kill.Grace, e.At);
            case SlotEvent.StopRequested:
                return Drop(SlotState.Stopping, LeaveKind.Stop, "the supervisor is stopping");
            default:
                throw Impossible(e);
        }
    }

    private ImmutableArray<SlotAction> WhenReady(SlotEvent e) => e switch
    {
        SlotEvent.Exited exited => Died(exited),
        SlotEvent.RecycleRequested recycle => LeaveWhenDone(SlotState.Draining, LeaveKind.Recycle, recycle.Reason, e.At),
        SlotEvent.KillRequested kill => LeaveNow(SlotState.Draining, LeaveKind.Ordered, kill.Reason, kill.Grace, e.At),
        SlotEvent.Rejected rejected => Reject(rejected.Reason),
        SlotEvent.Condemned condemned => Condemn(condemned),
        SlotEvent.StopRequested => LeaveWhenDone(SlotState.Stopping, LeaveKind.Stop, "the supervisor is stopping", e.At),
        _ => throw Impossible(e),
    };

    /// <summary>Draining and Stopping walk the same way out; they differ in what happens at its end.</summary>
    private ImmutableArray<SlotAction> WhenLeaving(SlotEvent e)
    {
        switch (e)
        {
            // The probe may have seen SERVING just before the decision to end it.
            case SlotEvent.Booted:
            case SlotEvent.RecycleRequested:
            case SlotEvent.Rejected:
                return [];
            case SlotEvent.Exited exited when State == SlotState.Stopping:
                return [Report(exited, "none: stopping"), .. End()];
            case SlotEvent.Exited exited:
                return Died(exited);
            case SlotEvent.KillRequested kill:
                return Hurry(kill);
            case SlotEvent.Condemned condemned when step == Step.Asked:
                return Condemn(condemned);

            // Its end is ordered already, and that stays its cause: the grace is over, no more.
            case SlotEvent.Condemned when step == Step.Terminated:
                return Kill();
            case SlotEvent.Condemned:
                return [];
            case SlotEvent.DrainTimedOut { Running: > 0 } drained when step == Step.Asked && State == SlotState.Draining && DrainLeft(e.At) > TimeSpan.Zero:
                return WorkOn(drained);
            case SlotEvent.DrainTimedOut when step == Step.Asked:
                return SendTerminate(times.TerminateGrace, e.At);
            case SlotEvent.GraceElapsed when step == Step.Terminated:
                return Kill();
            case SlotEvent.GraceElapsed when step == Step.Killed:
                step = Step.Abandoned;
                placeIsFree = true;
                return State == SlotState.Stopping ? [new SlotAction.Abandon(Incarnation), .. End()] : [new SlotAction.Abandon(Incarnation)];
            case SlotEvent.StopRequested when State == SlotState.Draining:
                return Stop(e.At);
            case SlotEvent.StopRequested:
                return [];
            default:
                throw Impossible(e);
        }
    }

    private ImmutableArray<SlotAction> WhenWaiting(SlotEvent e) => e switch
    {
        SlotEvent.BackoffElapsed => StartNext(),
        SlotEvent.Vacate => BecomeEmpty(),
        SlotEvent.StopRequested => End(),

        // About a worker that is dead already: the probe's last word, or a request that came too late.
        SlotEvent.Booted or SlotEvent.Request => [],
        _ => throw Impossible(e),
    };

    private ImmutableArray<SlotAction> WhenStopped(SlotEvent e) => e switch
    {
        SlotEvent.StopRequested or SlotEvent.Booted or SlotEvent.Request => [],
        SlotEvent.Exited exited when step == Step.Abandoned => Gone(exited),
        _ => throw Impossible(e),
    };

    /// <summary>An empty slot does not forget the pause after its last worker: being emptied is no way around it.</summary>
    private ImmutableArray<SlotAction> StartPaced(TimeSpan now)
    {
        var delay = notBefore - now;
        return delay <= TimeSpan.Zero ? StartNext() : Wait(delay, now);
    }

    private ImmutableArray<SlotAction> Wait(TimeSpan delay, TimeSpan now)
    {
        State = policy.BreakerOpen ? SlotState.CrashLooping : SlotState.BackingOff;
        NextTryAt = notBefore = now + delay;
        return [new SlotAction.SetTimer(SlotTimer.Backoff, delay)];
    }

    private ImmutableArray<SlotAction> BecomeEmpty()
    {
        State = SlotState.Empty;
        NextTryAt = null;
        return [CancelTimer];
    }

    private ImmutableArray<SlotAction> StartNext()
    {
        Incarnation++;
        State = SlotState.Starting;
        NextTryAt = null;
        leave = null;
        step = Step.None;
        placeIsFree = false;
        readyAt = null;
        return [new SlotAction.Spawn(Incarnation), new SlotAction.SetTimer(SlotTimer.Boot, times.Boot)];
    }

    private ImmutableArray<SlotAction> Died(SlotEvent.Exited e)
    {
        var cause = DeathClassifier.Classify(e.Facts, leave, readyAt is not null);

        // However long nobody could use it, that was no health.
        TimeSpan? readyFor = readyAt is { } since && leave is not { Kind: LeaveKind.Rejected } ? e.At - since : null;
        var decision = policy.Decide(e.At, Judge(e, cause), readyFor, e.Finished);
        var report = e.Refill ? Report(e, decision.Next, decision.ToldDelay) : Report(e, "none: there are enough without it");
        readyAt = null;
        if (!e.Refill)
        {
            notBefore = e.At + decision.Delay;
            return [report, .. BecomeEmpty()];
        }

        return decision.Delay <= TimeSpan.Zero ? [report, .. StartNext()] : [report, .. Wait(decision.Delay, e.At)];
    }

    private RunKind Judge(SlotEvent.Exited e, DeathCause cause) => cause switch
    {
        DeathCause.Recycle => leave is null ? RunKind.AskedToBeRecycled : RunKind.Recycled,
        DeathCause.Ordered => RunKind.Ordered,
        _ when e.Facts.ExitCode == WorkerExitCode.Misconfigured => RunKind.Misconfigured,
        DeathCause.BootFailure or DeathCause.BootTimeout => RunKind.FailedBoot,
        _ => RunKind.Died,
    };

    private ImmutableArray<SlotAction> Gone(SlotEvent.Exited e)
    {
        step = Step.None;
        return [Report(e, "none: stopping")];
    }

    private ImmutableArray<SlotAction> LeaveWhenDone(SlotState state, LeaveKind kind, string reason, TimeSpan now)
    {
        State = state;
        leave = new Leave(kind, reason, Signalled: false);
        step = Step.Asked;
        placeIsFree = true;
        askedAt = now;
        overdue = false;
        return kind == LeaveKind.Recycle
            ? [new SlotAction.AskToLeave(InItsOwnTime: true), new SlotAction.SetTimer(SlotTimer.Drain, Min(times.Drain, DrainLeft(now)))]
            : [AskToLeave, new SlotAction.SetTimer(SlotTimer.Drain, times.Drain)];
    }

    /// <summary>Nobody is in a hurry to see a worker go that is replaced as planned: its work comes first.</summary>
    private ImmutableArray<SlotAction> WorkOn(SlotEvent.DrainTimedOut e)
    {
        var wait = new SlotAction.SetTimer(SlotTimer.Drain, Min(Max(times.Drain, ShortestPause), DrainLeft(e.At)));
        if (overdue)
        {
            return [wait];
        }

        overdue = true;
        return [wait, new SlotAction.SayOverdue(Incarnation, e.At - askedAt, e.Running)];
    }

    private TimeSpan DrainLeft(TimeSpan now) => times.LongestDrain is { } longest ? askedAt + longest - now : TimeSpan.MaxValue;

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private ImmutableArray<SlotAction> Reject(string reason)
    {
        State = SlotState.Draining;
        leave = new Leave(LeaveKind.Rejected, reason, Signalled: true);
        return Kill();
    }

    private ImmutableArray<SlotAction> Condemn(SlotEvent.Condemned e)
    {
        State = State == SlotState.Stopping ? SlotState.Stopping : SlotState.Draining;
        leave = new Leave(e.Kind, e.Reason, Signalled: true);
        return Kill();
    }

    /// <summary>
    /// Who has never been ready has no task to finish, and cannot be asked: a runtime that is only starting heeds neither
    /// SIGTERM nor its lifeline, so that a grace would be waited for in vain.
    /// </summary>
    private ImmutableArray<SlotAction> Drop(SlotState state, LeaveKind kind, string reason)
    {
        State = state;
        leave = new Leave(kind, reason, Signalled: true);
        return Kill();
    }

    private ImmutableArray<SlotAction> LeaveNow(SlotState state, LeaveKind kind, string reason, TimeSpan grace, TimeSpan now)
    {
        State = state;
        leave = new Leave(kind, reason, Signalled: true);
        return SendTerminate(grace, now);
    }

    private ImmutableArray<SlotAction> SendTerminate(TimeSpan grace, TimeSpan now)
    {
        leave = leave! with { Signalled = true };
        if (grace <= TimeSpan.Zero)
        {
            return Kill();
        }

        step = Step.Terminated;
        placeIsFree = true;
        graceEndsAt = now + grace;
        return [Terminate, new SlotAction.SetTimer(SlotTimer.Grace, grace)];
    }

    private ImmutableArray<SlotAction> Kill()
    {
        step = Step.Killed;

        // A stop waits a little longer and then names who stayed. Otherwise its place is given to another slot then;
        // this one stays as it is until the end is observed, whenever that is.
        return [KillGroup, new SlotAction.SetTimer(SlotTimer.Grace, KillWait)];
    }

    /// <summary>A kill of a worker that is already on its way out: it may only get shorter.</summary>
    private ImmutableArray<SlotAction> Hurry(SlotEvent.KillRequested kill)
    {
        if (step == Step.Asked)
        {
            leave = new Leave(LeaveKind.Ordered, kill.Reason, Signalled: true);
            return SendTerminate(kill.Grace, kill.At);
        }

        if (step != Step.Terminated || kill.At + kill.Grace >= graceEndsAt)
        {
            return [];
        }

        if (kill.Grace <= TimeSpan.Zero)
        {
            return Kill();
        }

        graceEndsAt = kill.At + kill.Grace;
        return [new SlotAction.SetTimer(SlotTimer.Grace, kill.Grace)];
    }

    /// <summary>A worker that was to be replaced is now only to end; one that works on has the time of any other from now on.</summary>
    private ImmutableArray<SlotAction> Stop(TimeSpan now)
    {
        State = SlotState.Stopping;
        return step switch
        {
            Step.Abandoned => End(),
            Step.Asked => [new SlotAction.SetTimer(SlotTimer.Drain, Max(TimeSpan.Zero, Min(times.Drain, DrainLeft(now))))],
            _ => [],
        };
    }

    private ImmutableArray<SlotAction> End()
    {
        State = SlotState.Stopped;
        NextTryAt = null;
        return [CancelTimer];
    }

    private SlotAction.Report Report(SlotEvent.Exited e, string next, TimeSpan? nextIn = null) => new(
        Incarnation,
        DeathClassifier.Classify(e.Facts, leave, readyAt is not null),
        Reason(e.Facts),
        next,
        nextIn,
        readyAt is { } since ? e.At - since : null);

    private string? Reason(ExitFacts facts) => (leave?.Reason, facts.Problem) switch
    {
        (null, null) => null,
        ({ } reason, null) => reason,
        (null, { } problem) => problem,
        ({ } reason, { } problem) => $"{reason}; {problem}",
    };

    private void Remember(string line)
    {
        if (story.Count == StoryLength)
        {
            story.Dequeue();
        }

        story.Enqueue(line);
    }

    private ImpossibleSlotEventException Impossible(SlotEvent e) => new(State, e, story);
}
