using System.Collections.Immutable;
using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>The promises, each with the words in which it is found broken.</summary>
internal static class Checks
{
    /// <summary>No overlap, no second run of what may not run twice, no run of what is proven poisonous, suspects alone.</summary>
    public static void AtStart(SimProcess process, SimTask task)
    {
        if (task.Settlements > 0 && !task.SupervisorIsGone())
        {
            throw new Violation($"{task.Entry} was started on {process.Id} after it was settled");
        }

        if (task.Running > 0)
        {
            throw new Violation($"{task.Entry} was started on {process.Id} while it ran elsewhere");
        }

        if (task.Starts > 0 && !task.Entry.Options.Idempotent && !task.MayStartAgain)
        {
            throw new Violation($"{task.Entry} is not idempotent and was started a second time, on {process.Id}");
        }

        if (task.ProvenKills >= 2)
        {
            throw new Violation($"{task.Entry} was started on {process.Id} after it was proven to have killed {task.ProvenKills} workers");
        }

        foreach (var other in process.Lanes)
        {
            if (other is not null && other.Task != task && (task.MustRunAlone || other.Task.MustRunAlone))
            {
                throw new Violation($"{task.Entry} shares {process.Id} with {other.Task.Entry}, and one of them shared a worker before and was running when it died");
            }
        }
    }

    /// <summary>An attempt is sent only within the time limit, and after the one before has answered or its process was observed dead.</summary>
    public static void AtWrite(World world, SimProcess process, SimTask task)
    {
        if (world.Pool.Dispatcher.CancelsWaiting)
        {
            throw new Violation($"{task.Entry} was sent to {process.Id} although what had not begun was cancelled");
        }

        if (task.Entry.Deadline < world.Agenda.Now)
        {
            throw new Violation($"{task.Entry} was sent to {process.Id} after its time limit");
        }

        if (task.HeldBy is { DeathObserved: false } before)
        {
            throw new Violation($"{task.Entry} was sent to {process.Id} while {before.Id} has it and was not observed dead");
        }
    }

    public static void AtRefusal(World world, SimTask task, TaskFailure refusal)
    {
        if (!refusal.NeverStarted || task.Starts > 0)
        {
            throw new Violation($"{task.Entry} was refused ({refusal.Kind}) and is not told as never started");
        }

        if (refusal.Kind == TaskFailureKind.NoWorkers && world.Pool.Dispatcher.Endpoints.Any(static e => e.TakesTasks))
        {
            throw new Violation($"{task.Entry} was refused for want of workers while one takes tasks");
        }
    }

    /// <summary>One process per slot at a time, except those that even SIGKILL does not end; none after a stop.</summary>
    public static void AtSpawn(World world, WorkerId id, bool stopping)
    {
        if (stopping)
        {
            throw new Violation($"{id} was spawned after the stop");
        }

        foreach (var other in world.Processes)
        {
            if (other.Id.Slot == id.Slot && other.Alive && world.Sabotage != Sabotage.ReportLivingAsDead)
            {
                throw new Violation($"{id} was spawned while {other.Id} lives in its slot");
            }
        }
    }

    /// <summary>An event of another incarnation reaches nobody.</summary>
    public static void AfterStale(int slot, SlotEvent e, ImmutableArray<CrewAction> actions)
    {
        foreach (var (which, action) in actions)
        {
            if (which == slot && action is SlotAction.AskToLeave or SlotAction.Terminate or SlotAction.KillGroup or SlotAction.Spawn)
            {
                throw new Violation($"{e} is about another incarnation of slot {slot}, and the present one gets {action}");
            }
        }
    }

    /// <summary>What an event leads to is decided with it, and not with whatever happens next.</summary>
    public static void AtRest(SlotEvent e, ImmutableArray<CrewAction> more)
    {
        if (!more.IsEmpty)
        {
            throw new Violation($"after {e.GetType().Name} the crew is not at rest: {string.Join(", ", more)}");
        }
    }

    /// <summary>A death report says what really happened, to this incarnation. Also counts who has killed whom.</summary>
    public static void AtReport(World world, WorkerId id, DeathCause cause, TimeSpan? readyFor, SimProcess? process, bool stopping)
    {
        if (process is { Alive: true } && world.Sabotage != Sabotage.ReportLivingAsDead)
        {
            throw new Violation($"{id} is reported dead and lives");
        }

        if (process is not null && process.Id != id)
        {
            throw new Violation($"the end of {process.Id} is reported as that of {id}");
        }

        if (!IsTrue(cause, readyFor, process, stopping))
        {
            throw new Violation($"{id} is reported as {cause}, and that is not what happened to it");
        }

        if (process is { Culprit: null } && cause == DeathCause.Hang && process.WentOnWithin(TimeSpan.FromMilliseconds(50)))
        {
            // Whoever stood still and goes on while its SIGKILL is on its way may begin a task just then; nobody can tell that from a task that hung it.
            foreach (var task in process.RanTogether)
            {
                task.Kills++;
            }

            return;
        }

        if (process is not { Culprit: { } culprit } || cause is not (DeathCause.Crash or DeathCause.Exit or DeathCause.OutOfMemory or DeathCause.Hang or DeathCause.Limit))
        {
            return;
        }

        culprit.Kills++;
        if (!process.HasLedger || process.Session is not { SessionKey: not 0 } || (process.Draining && cause == DeathCause.Exit))
        {
            // Nobody can tell what ran; and who was draining may have left with 0 as it was asked to.
            return;
        }

        culprit.ProvenKills += process.RanAtTheEnd == 1 ? 1 : 0;
        foreach (var task in process.RanTogether)
        {
            task.MustRunAlone |= process.RanAtTheEnd > 1;
        }
    }

    public static void AfterStep(World world)
    {
        AfterStep(world.Pool, world.Tasks, world.Agenda.Now);
        AfterStep(world, world.Supervisor);
    }

    /// <summary>Whoever is cancelled hears of it at once.</summary>
    public static void AfterCancelAll(World world)
    {
        foreach (var task in world.Tasks)
        {
            if (task.Completions == 0)
            {
                throw new Violation($"{task.Entry} has no outcome although everything was cancelled");
            }
        }
    }

    /// <summary>What no worker has is told at once, and never to have run unless it has.</summary>
    public static void AfterCancelWaiting(World world)
    {
        foreach (var task in world.Tasks)
        {
            if (task.Completions == 0 && task.Entry is not { Phase: TaskPhase.Sent, Written: true })
            {
                throw new Violation($"{task.Entry} has no outcome although what had not begun was cancelled");
            }
        }
    }

    /// <summary>A task that was told to stop and does not is gone with its process, unless the kernel keeps that, the supervisor was held up, or the pool has to take another for the one that runs (its result did not come).</summary>
    public static void AfterLastGrace(World world, SimTask task, SimProcess process, ulong sequence)
    {
        if (process is { Alive: true, IsDoomed: false } && process.Lanes[0]?.Task == task && task.Entry.Sequence == sequence && process.Session!.InLaneOrder().FirstOrDefault() == task.Entry
            && world.Supervisor.LastStall < world.Agenda.Now - (TimeSpan.TicksPerSecond * 10))
        {
            throw new Violation($"{task.Entry} still runs on {process.Id} 250 ms after its last grace");
        }
    }

    /// <summary>Nobody waits for ever: everything accepted has ended, and after the stop nothing is alive.</summary>
    public static void AtTheEnd(World world)
    {
        foreach (var task in world.Tasks)
        {
            if (task is not { Completions: 1, Settlements: 1 })
            {
                throw new Violation($"{task.Entry} never ended: {task.Completions} outcomes, settled {task.Settlements} times");
            }

            History(task, world.Pool.Dispatcher.HistoryOf(task.Entry));
        }

        if (!world.Stopping)
        {
            foreach (var goal in world.Supervisor.Goals)
            {
                throw new Violation($"{goal} never ends, and whoever asked for it waits");
            }

            throw new Violation($"the crew is never whole again: {world.Supervisor.Crew.Serving} of {world.Supervisor.Size.Workers} serve, {world.Pool.Waiting} callers wait for a place");
        }

        if (!world.Supervisor.HasStopped || !world.Pool.SourceHasEnded)
        {
            throw new Violation("the stop never ended");
        }

        if (world.Processes.Find(static p => p.Alive) is { } living)
        {
            throw new Violation($"{living.Id} is alive after the stop");
        }
    }

    /// <summary>After the last fault every worker that serves can be used.</summary>
    public static void WhenWhole(World world)
    {
        foreach (var worker in world.Pool.Ready)
        {
            var process = world.Find(worker.Id);
            if (process.Adopted && world.Pool.Dispatcher.Endpoints.All(e => e.Worker.Id != worker.Id))
            {
                throw new Violation($"{worker.Id} serves, and its pool does not know it");
            }
        }
    }

    /// <summary>How a worker ends that was told to leave, whatever it was that ended it; only the manner of its end tells.</summary>
    private static bool EndedAsTold(SimProcess process) => process is { ToldToLeave: true, End: { OutOfMemory: false } end } && end.Signal is null or 15 or 9;

    /// <summary>What is told of a task's attempts: each that ran, one after the other, and the last with the outcome.</summary>
    private static void History(SimTask task, IReadOnlyList<TaskAttempt> attempts)
    {
        if (task.Starts > attempts.Count || attempts.Count > task.Entry.MaxAttempts)
        {
            throw new Violation($"{task.Entry} was started {task.Starts} times, and its history tells of {attempts.Count} attempts of {task.Entry.MaxAttempts}");
        }

        for (var i = 1; i < attempts.Count; i++)
        {
            if (attempts[i].Number <= attempts[i - 1].Number || attempts[i].SentAt < attempts[i - 1].EndedAt)
            {
                throw new Violation($"{task.Entry} has a history in which {attempts[i]} comes after {attempts[i - 1]}");
            }
        }

        if (task.Told is null != (attempts is [.., { End: AttemptEnd.Succeeded }]))
        {
            throw new Violation($"{task.Entry} was told {task.Told?.Kind.ToString() ?? "its result"}, and its history ends with {(attempts is [.., var last] ? last : "nothing")}");
        }
    }

    private static bool IsTrue(DeathCause cause, TimeSpan? readyFor, SimProcess? process, bool stopping) => (cause, process) switch
    {
        (DeathCause.BootFailure, null) => true,
        (_, null) => stopping && cause == DeathCause.Stop,
        (DeathCause.BootFailure, _) => readyFor is null || process.RejectAsked,
        (DeathCause.BootTimeout, _) => process.ReadyAt is null,
        (DeathCause.Stop, _) => stopping,
        (DeathCause.Ordered, _) => process.KillAsked && EndedAsTold(process),
        (DeathCause.Crash, _) => process.Fates.Itself,
        (DeathCause.Exit, _) => process.Fates.Itself || process.Fates.Left,
        (DeathCause.OutOfMemory, _) => process.Fates.OutOfMemory,
        (DeathCause.Hang, _) => process.WasFrozen,
        (DeathCause.Limit, _) => process.OverLimit,
        (DeathCause.Killed, _) => process.Fates.Outside,
        (DeathCause.Recycle, _) => EndedAsTold(process) || process.End!.ExitCode == WorkerExitCode.Recycle,
        (DeathCause.Unknown, _) => true,
        _ => false,
    };

    private static void AfterStep(SimPool pool, List<SimTask> tasks, long now)
    {
        var dispatcher = pool.Dispatcher;
        if (dispatcher.Unsettled != pool.Accepted - pool.Settled || dispatcher.Counts.Submitted != pool.Accepted)
        {
            throw new Violation($"{dispatcher.Unsettled} tasks count as unsettled and {dispatcher.Counts.Submitted} as submitted, but {pool.Accepted} were accepted and {pool.Settled} settled");
        }

        var inFlight = 0;
        foreach (var endpoint in dispatcher.Endpoints)
        {
            inFlight += endpoint.InFlight.Count;
            if (endpoint.TakesTasks && endpoint.InFlight.Count < endpoint.Concurrency && dispatcher.Queued > dispatcher.QueuedSuspects)
            {
                throw new Violation($"{dispatcher.Queued} tasks wait while {endpoint} has a free lane");
            }

            if (endpoint is { IsUsable: true, InFlight.Count: 0 } && dispatcher.Queued > 0)
            {
                throw new Violation($"{dispatcher.Queued} tasks wait while {endpoint} has nothing");
            }

            if (endpoint.Backlog < 0 || endpoint.Overdue < 0 || endpoint.Overdue > endpoint.InFlight.Count)
            {
                throw new Violation($"the books of {endpoint} do not add up: backlog {endpoint.Backlog}, overdue {endpoint.Overdue}");
            }
        }

        var sent = 0;
        foreach (var task in tasks)
        {
            if (task.Completions == 0 && task.Entry.Deadline < now)
            {
                throw new Violation($"{task.Entry} passed its time limit and has no outcome");
            }

            if (task.Entry.Convictions > task.Kills)
            {
                throw new Violation($"{task.Entry} is charged with {task.Entry.Convictions} deaths and caused {task.Kills}");
            }

            sent += task.Entry.Phase == TaskPhase.Sent ? 1 : 0;
            if ((task.Entry.Phase == TaskPhase.Done) != (task.Settlements == 1))
            {
                throw new Violation($"{task.Entry} and its caller disagree");
            }
        }

        if (sent != inFlight)
        {
            throw new Violation($"{sent} tasks are sent, but {inFlight} are in flight");
        }
    }

    private static void AfterStep(World world, SimSupervisor supervisor)
    {
        var (serving, ready) = (0, 0);
        foreach (var slot in supervisor.Crew.Slots)
        {
            serving += slot.Serves ? 1 : 0;
            ready += slot.IsReady ? 1 : 0;
        }

        var size = supervisor.Size;
        if (serving > size.Workers)
        {
            throw new Violation($"{serving} workers serve, and {size.Workers} are wanted");
        }

        if (ready > size.Workers + size.Spares + size.MaxSurge)
        {
            throw new Violation($"{ready} workers are ready: more than {size.Workers} with {size.Spares} spares and a surge of {size.MaxSurge}");
        }

        if (serving < size.Workers && ready > serving && !supervisor.IsStopping)
        {
            throw new Violation($"a spare waits while only {serving} of {size.Workers} serve");
        }

        foreach (var worker in world.Pool.Ready)
        {
            foreach (var endpoint in world.Pool.Dispatcher.Endpoints)
            {
                if (endpoint.Worker.Id == worker.Id && endpoint.Reserved)
                {
                    throw new Violation($"{worker.Id} serves, and its pool keeps it as a spare");
                }
            }
        }
    }
}
