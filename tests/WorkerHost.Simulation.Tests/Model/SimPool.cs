using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>The real dispatcher in a shell that does what <see cref="DispatchLoop"/> and its sessions do.</summary>
internal sealed partial class SimPool(World world)
{
    private readonly Agenda agenda = world.Agenda;
    private readonly Dice dice = world.Dice;
    private readonly Plan plan = world.Plan;
    private readonly FrameContent frame = new();
    private readonly Queue<(SimTask Task, bool Hold)> waiters = new();
    private List<DispatchAction> spare = [];

    public Dispatcher Dispatcher { get; } = new(world.Plan.Dispatcher);

    public int Accepted { get; private set; }

    public int Settled { get; private set; }

    public int Waiting => waiters.Count;

    public int Refused { get; private set; }

    public int Recalled { get; private set; }

    // ---- callers ----

    /// <returns>Null: accepted.</returns>
    public TaskFailure? Submit(SimTask task, bool hold)
    {
        var refusal = waiters.Count > 0 ? Dispatcher.RefuseBehindWaiters(task.Entry) : Dispatcher.Submit(task.Entry, agenda.Now, hold);
        if (refusal is null)
        {
            Accept(task, hold);
        }
        else
        {
            Refused++;
            Checks.AtRefusal(world, task, refusal);
            if (Dispatcher.WaitingHelps(task.Entry, refusal) && dice.Chance(60))
            {
                waiters.Enqueue((task, hold));
            }
        }

        Carry();
        return refusal;
    }

    public void Cancel(SimTask task) => Do(() => Dispatcher.Cancel(task.Entry, agenda.Now));

    public void StopAttempt(SimTask task) => Do(() => Dispatcher.StopAttempt(task.Entry, agenda.Now));

    public void BeginStop() => Do(Dispatcher.BeginStop);

    public void CancelAll()
    {
        if (world.Tasks.Find(static t => t.Completions == 0) is { } spared && world.Once(Sabotage.SpareOneTask))
        {
            foreach (var task in world.Tasks.FindAll(t => t != spared))
            {
                Cancel(task);
            }
        }
        else
        {
            Do(() => Dispatcher.CancelAll(agenda.Now));
        }

        Checks.AfterCancelAll(world);
    }

    public void CancelWaiting()
    {
        if (!world.Once(Sabotage.SpareOneTask, when: Dispatcher.Queued > 0))
        {
            Do(() => Dispatcher.CancelWaiting(agenda.Now));
        }

        Checks.AfterCancelWaiting(world);
    }

    /// <summary>As far as the pool knows.</summary>
    public int RunningOn(WorkerId id)
    {
        foreach (var endpoint in Dispatcher.Endpoints)
        {
            if (endpoint.Worker.Id == id)
            {
                return Math.Min(endpoint.InFlight.InOrder().Count(static e => e.Written), endpoint.Concurrency);
            }
        }

        return 0;
    }

    private void Accept(SimTask task, bool hold)
    {
        world.Story?.Tell($"{task.Entry} is accepted: {task.Nature}, {(task.Entry.Options.Idempotent ? "idempotent, " : "")}{TimeSpan.FromTicks(task.Service).TotalMilliseconds:0} ms");
        Accepted++;
        world.Tasks.Add(task);
        if (hold)
        {
            agenda.After(dice.Ms(0, 20), () => Resubmit(task));
        }
    }

    private void Admit()
    {
        while (waiters.TryPeek(out var first))
        {
            var refusal = Dispatcher.Submit(first.Task.Entry, agenda.Now, first.Hold);
            if (refusal is not null && Dispatcher.WaitingHelps(first.Task.Entry, refusal))
            {
                return;
            }

            waiters.Dequeue();
            if (refusal is null)
            {
                Accept(first.Task, first.Hold);
            }
        }
    }

    // ---- retries ----

    private void Resubmit(SimTask task)
    {
        if (!Dispatcher.Resubmit(task.Entry, agenda.Now))
        {
            GiveUp(task);
        }

        Carry();
    }

    private void GiveUp(SimTask task) => Dispatcher.GiveUp(
        task.Entry,
        AttemptOutcome.Failed(task.Entry.LastFailure ?? new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "given up" }));

    private void AttemptFailed(SimTask task)
    {
        var entry = task.Entry;
        if (world.Once(Sabotage.ForgetAttempt, when: entry is { MayRetry: true, Attempt: 1 } && task.Starts == 1))
        {
            entry.PastAttempts = [];
        }

        if (entry.Attempt >= entry.MaxAttempts || !entry.MayRetry || dice.Chance(2))
        {
            GiveUp(task);
            return;
        }

        agenda.After(entry.LastFailure?.RetryAfter?.Ticks ?? dice.Ms(0, 200), () => Resubmit(task));
    }

    // ---- the wire ----

    public void Read(SimProcess process, SimResponse response)
    {
        if (!process.Adopted)
        {
            process.Early.Add(response);
            return;
        }

        var endpoint = process.Session!;
        if (endpoint.Ended)
        {
            return;
        }

        foreach (var answer in response.Answers)
        {
            Read(process, endpoint, answer);
        }

        if (response.Draining)
        {
            Dispatcher.EndpointDraining(endpoint);
        }

        if (response.End)
        {
            world.Story?.Tell($"the session with {process.Id} ends");
            Dispatcher.SessionEnded(endpoint, "it ended", agenda.Now);
            if (world.Once(Sabotage.TakeLossForDeath, when: process.Alive))
            {
                Dispatcher.WorkerDied(new WorkerDeath(new DeathReport { Worker = process.Id, Cause = DeathCause.Killed }, process.Evidence), agenda.Now);
            }
        }
        else if (!world.Once(Sabotage.ForgetDispatch, when: Dispatcher.Queued > 0))
        {
            Dispatcher.Dispatch(agenda.Now);
        }

        Carry();
    }

    private void Read(SimProcess process, EndpointState endpoint, SimAnswer answer)
    {
        if (endpoint.InFlight.Find(answer.Sequence)?.Completion is SimTask task && task.HeldBy == process)
        {
            task.HeldBy = null;
        }

        if (answer.Recalled)
        {
            Recalled++;
            Dispatcher.Recalled(endpoint, answer.Sequence, agenda.Now);
            return;
        }

        if (answer.Outcome.IsSuccess && world.Once(Sabotage.DropResult))
        {
            return;
        }

        var outcome = answer.Outcome;
        if (outcome.IsSuccess && world.Once(Sabotage.SwapResults, when: lastResult.IsSuccess && lastResult.Data.Length > 0))
        {
            outcome = lastResult;
        }

        lastResult = outcome;
        Dispatcher.Outcome(endpoint, answer.Sequence, outcome, answer.ServiceMicroseconds, agenda.Now);
    }

    private AttemptOutcome lastResult;

    private void Pump(EndpointState endpoint, SimProcess process)
    {
        if (endpoint.Ended || !Dispatcher.TakeFrame(endpoint, ProtocolLimits.MaxFrameBytes, frame, agenda.Now))
        {
            return;
        }

        var request = new SimRequest();
        foreach (var entry in frame.Tasks)
        {
            var task = (SimTask)entry.Completion!;
            Checks.AtWrite(world, process, task);
            task.HeldBy = process;
            request.Tasks.Add(new SimRun(task, entry.Sequence, entry.Attempt));
        }

        request.Cancels.AddRange(frame.Cancels);
        request.Recalls.AddRange(frame.Recalls);
        frame.Clear();
        if (process is { Alive: true, SessionLost: false })
        {
            process.Send(request);
        }

        agenda.After(dice.Ms(0.005, world.Faulty && dice.Chance(3) ? 30 : 0.05), () => Do(() => Pump(endpoint, process)));
    }

    // ---- what was decided ----

    private void Do(Action what)
    {
        what();
        Carry();
    }

    private void Carry()
    {
        // What is carried out may decide more.
        while (true)
        {
            var actions = Dispatcher.TakeActions(spare);
            if (actions.Count == 0)
            {
                spare = actions;
                return;
            }

            var queueFell = false;
            foreach (var action in actions)
            {
                queueFell |= action.Kind == DispatchActionKind.QueueFell;
                CarryOne(action);
            }

            actions.Clear();
            spare = actions;
            if (queueFell)
            {
                Admit();
            }
        }
    }

    private void CarryOne(DispatchAction action)
    {
        var (entry, endpoint) = (action.Entry!, action.Endpoint!);
        switch (action.Kind)
        {
            case DispatchActionKind.Pump:
                var process = (SimProcess)endpoint.Connection!;
                agenda.After(dice.Ms(0, 0.05), () => Do(() => Pump(endpoint, process)));
                break;
            case DispatchActionKind.Complete:
                world.Story?.Tell($"{entry} is told {action.Outcome.Failure?.Kind.ToString() ?? "its result"}: {action.Outcome.Failure?.Message}");
                var outcome = action.Outcome;
                if (outcome.Failure is { NeverStarted: false, Kind: TaskFailureKind.Cancelled } failure && world.Once(Sabotage.InventStart, when: ((SimTask)entry.Completion!).Starts > 0))
                {
                    outcome = AttemptOutcome.Failed(failure with { NeverStarted = true });
                }

                entry.Completion!.Complete(outcome);
                if (action.Outcome.Failure is { Kind: TaskFailureKind.Quarantined })
                {
                    var again = (SimTask)entry.Completion;
                    agenda.After(dice.Ms(0, 500), () => world.SubmitAgain(again));
                }

                if (world.Once(Sabotage.TellTwice))
                {
                    entry.Completion.Complete(action.Outcome);
                }

                break;
            case DispatchActionKind.Settle:
                Settled += world.Once(Sabotage.ForgetSettle) ? 0 : 1;
                entry.Completion!.Settle();
                break;
            case DispatchActionKind.AttemptFailed:
                AttemptFailed((SimTask)entry.Completion!);
                break;
            case DispatchActionKind.DeadlineTimer:
                if (!world.Once(Sabotage.ForgetTimeLimit))
                {
                    agenda.After(action.Delay, () => Do(() => Dispatcher.Expired(entry, agenda.Now)));
                }

                break;
            case DispatchActionKind.StopTimer:
                var sequence = action.Sequence;
                agenda.After(action.Delay, () => Do(() => Dispatcher.StopOverdue(entry, endpoint, sequence)));
                Watch((SimTask)entry.Completion!, (SimProcess)endpoint.Connection!, action.Delay);
                break;
            case DispatchActionKind.SessionTimer:
                agenda.After(action.Delay, () => Do(() => Dispatcher.SessionOverdue(endpoint)));
                break;
            case DispatchActionKind.RestTimer:
                agenda.After(action.Delay, () => Do(() => Dispatcher.Rested(endpoint, agenda.Now)));
                break;
            case DispatchActionKind.LookTimer:
                agenda.After(action.Delay, () => Do(() => Dispatcher.Look(agenda.Now)));
                break;
            case DispatchActionKind.Kill:
                OrderKill(endpoint, action.Reason!, action.Delay);
                break;
            case DispatchActionKind.PrepareReplacement:
                world.Supervisor.Request(endpoint.Worker.Id, static (at, incarnation) => new SlotEvent.ReplacementNeededSoon(at, incarnation));
                break;
            case DispatchActionKind.Recycle:
                world.Supervisor.Request(endpoint.Worker.Id, static (at, incarnation) => new SlotEvent.RecycleRequested(at, incarnation, "it has had its tasks"));
                break;
            case DispatchActionKind.Abort:
                Abort(endpoint, action.Reason!);
                break;
            case DispatchActionKind.Quarantined or DispatchActionKind.QueueFell or DispatchActionKind.LateOutcome:
                break;
            default:
                throw new Violation($"nobody carries out {action.Kind}");
        }
    }

    /// <summary>A task that has the worker to itself and heeds nothing: its process is gone soon after the last grace.</summary>
    private void Watch(SimTask task, SimProcess process, TimeSpan grace)
    {
        var terminate = grace == plan.Dispatcher.ExpiredCancelGrace ? plan.Dispatcher.ExpiredTerminateGrace : plan.Dispatcher.TerminateGrace;
        if (plan.Concurrency == 1)
        {
            // Of this attempt: another of the same task on the same worker has graces of its own.
            var sequence = task.Entry.Sequence;
            agenda.After(grace + terminate + TimeSpan.FromMilliseconds(250), () => Checks.AfterLastGrace(world, task, process, sequence));
        }
    }

    private void OrderKill(EndpointState endpoint, string reason, TimeSpan grace)
    {
        world.Story?.Tell($"{endpoint} is to be killed: {reason}");
        ((SimProcess)endpoint.Connection!).KillAsked = true;
        if (world.Once(Sabotage.ForgetKill))
        {
            return;
        }

        world.Supervisor.Request(endpoint.Worker.Id, (at, incarnation) => new SlotEvent.KillRequested(at, incarnation, reason, grace));
    }

    private void Abort(EndpointState endpoint, string reason)
    {
        var process = (SimProcess)endpoint.Connection!;
        if (process.Alive)
        {
            throw new Violation($"{endpoint} is accused: {reason}");
        }

        process.Outgoing.Lose();
        agenda.After(dice.Ms(0, 5), () => Do(() => Dispatcher.SessionEnded(endpoint, reason, agenda.Now)));
    }
}
