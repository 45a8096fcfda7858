namespace WorkerHost.Client.Tests;

/// <summary>
/// The dispatcher in a world that is all chance: workers that die at any moment, sessions that break, results that
/// arrive after the death, callers that cancel, clocks that run out. After every step the promises are checked.
/// </summary>
internal sealed class DispatcherSimulation
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    private readonly Schedule schedule;
    private readonly Sabotage sabotage;
    private readonly List<string>? story;
    private readonly Dispatcher dispatcher;
    private readonly List<SimTask> tasks = [];
    private readonly List<SimWorker> workers = [];
    private readonly List<(long At, Action Fire)> timers = [];
    private readonly List<SimTask> failedAttempts = [];
    private readonly int slots;
    private readonly bool supervised;
    private readonly List<TaskEntry> frameTasks = [];
    private readonly List<ulong> frameCancels = [];
    private readonly List<ulong> frameRecalls = [];
    private List<DispatchAction> spare = [];
    private ulong lastNumber;
    private long lastIncarnation;
    private long now;
    private int accepted;
    private int settled;
    private bool sabotaged;
    private bool draining;

    public DispatcherSimulation(Schedule schedule, Sabotage sabotage = Sabotage.None, List<string>? story = null)
    {
        this.schedule = schedule;
        this.sabotage = sabotage;
        this.story = story;
        slots = 1 + schedule.Next(3);
        supervised = !schedule.Chance(10);
        dispatcher = new Dispatcher(new DispatcherOptions { QueueCapacity = schedule.Chance(20) ? schedule.Next(4) : 1000 });
    }

    /// <summary>Runs the schedule and drains; throws at the first promise broken.</summary>
    public void Run()
    {
        for (var step = 0; step < schedule.Length; step++)
        {
            now += 1 + schedule.Next(2000);
            Step();
            Check();
        }

        Drain();
    }

    private void Step()
    {
        var what = schedule.Next(100);
        switch (what)
        {
            case < 14:
                Submit();
                break;
            case < 28:
                Pump();
                break;
            case < 40:
                if (Any(static w => w.Alive && w.Wire.Count > 0) is { } hearing)
                {
                    hearing.Arrive(full: schedule.Chance(3));
                }

                break;
            case < 52:
                if (Any(static w => w.Alive && w.HasWaiting && w.HasFreeLane) is { } starting)
                {
                    Start(starting);
                }

                break;
            case < 62:
                if (Any(static w => w.Alive && w.Busy) is { } finishing)
                {
                    finishing.Finish(schedule);
                }

                break;
            case < 69:
                Any(static w => w.Alive && w.Unsent.Count > 0)?.Flush(1 + schedule.Next(4));
                break;
            case < 79:
                Deliver();
                break;
            case < 82:
                Ask("cancel", static (d, e, t) => d.Cancel(e, t));
                break;
            case < 83:
                Ask("stop attempt", static (d, e, t) => d.StopAttempt(e, t));
                break;
            case < 86:
                FireTimer();
                break;
            case < 89:
                if (Any(static w => w.Alive) is { } victim && schedule.Chance(70))
                {
                    story?.Add($"{now,8}  {victim.Endpoint} is killed");
                    victim.Kill();
                }

                break;
            case < 92:
                ObserveDeath();
                break;
            case < 94:
                EndSession();
                break;
            case < 96:
                Replace(always: false);
                break;
            case < 98:
                AnswerAttempt();
                break;
            case < 99:
                LeaveOrGiveUpHope();
                break;
            default:
                if (schedule.Chance(5))
                {
                    story?.Add($"{now,8}  everything is cancelled");
                    dispatcher.CancelAll(now);
                    Carry();
                }

                break;
        }
    }

    private void Submit()
    {
        var options = schedule.Next(4) switch
        {
            0 => new TaskOptions { Idempotent = true },
            1 when schedule.Chance(40) => new TaskOptions { TimeLimit = TimeSpan.FromTicks(1 + schedule.Next(100_000)), Idempotent = schedule.Chance(50) },
            _ => TaskOptions.Default,
        };
        var entry = new TaskEntry(++lastNumber, Names[schedule.Next(Names.Length)], options, new byte[8], ContentType.Bytes, 1 + schedule.Next(4));
        var task = new SimTask(entry, stubborn: schedule.Chance(15) && supervised, supervised);
        entry.Completion = task;
        var hold = schedule.Chance(10);
        if (dispatcher.Submit(entry, now, hold) is null)
        {
            story?.Add($"{now,8}  {entry} is accepted");
            accepted++;
            tasks.Add(task);
            if (hold)
            {
                failedAttempts.Add(task);
            }
        }

        Carry();
    }

    private void Pump()
    {
        if (Any(static w => w.Endpoint.PumpWanted && !w.Ended) is { } worker)
        {
            Pump(worker, schedule.Chance(50) ? 300 : ProtocolLimits.MaxFrameBytes);
        }
    }

    private void Pump(SimWorker worker, int maxBytes)
    {
        dispatcher.TakeFrame(worker.Endpoint, maxBytes, frameTasks, frameCancels, frameRecalls, now);
        if (worker.Alive)
        {
            foreach (var entry in frameTasks)
            {
                worker.Wire.Enqueue(new SimMessage(SimMessageKind.Task, entry.Sequence, (SimTask)entry.Completion!, entry.Attempt));
            }

            foreach (var sequence in frameCancels)
            {
                worker.Wire.Enqueue(new SimMessage(SimMessageKind.Cancel, sequence));
            }

            foreach (var sequence in frameRecalls)
            {
                worker.Wire.Enqueue(new SimMessage(SimMessageKind.Recall, sequence));
            }
        }

        story?.Add($"{now,8}  {worker.Endpoint} is written {frameTasks.Count} tasks, {frameCancels.Count} cancels, {frameRecalls.Count} recalls");
        frameTasks.Clear();
        frameCancels.Clear();
        frameRecalls.Clear();
    }

    private void Start(SimWorker worker)
    {
        story?.Add($"{now,8}  {worker.Endpoint} starts a task");
        worker.Start(withoutMark: Once(Sabotage.ForgetStartMark));
    }

    private void Deliver()
    {
        if (Any(static w => w.Kernel.Count > 0 && !w.Ended) is { } worker)
        {
            Deliver(worker, 1 + schedule.Next(4));
        }
    }

    private void Deliver(SimWorker worker, int count)
    {
        if (worker.Kernel.Count == 0)
        {
            return;
        }

        for (; count > 0 && worker.Kernel.TryDequeue(out var answer); count--)
        {
            if (answer.Recalled)
            {
                dispatcher.Recalled(worker.Endpoint, answer.Sequence);
                continue;
            }

            var outcome = answer.Outcome ?? AttemptOutcome.Failed(DispatcherRig.Leaving());
            if (outcome.IsSuccess && Once(Sabotage.DropResult))
            {
                continue;
            }

            if (sabotage == Sabotage.SwapResults && outcome.IsSuccess && worker.Kernel.TryPeek(out var next) && next.Outcome is { IsSuccess: true } other && !sabotaged)
            {
                sabotaged = true;
                outcome = other;
            }

            dispatcher.Outcome(worker.Endpoint, answer.Sequence, outcome, answer.ServiceMicroseconds, now);
        }

        story?.Add($"{now,8}  {worker.Endpoint} is read");
        if (sabotage != Sabotage.ForgetDispatch)
        {
            dispatcher.Dispatch(now);
        }

        Carry();
    }

    private void Ask(string what, Action<Dispatcher, TaskEntry, long> ask)
    {
        if (tasks.Count > 0)
        {
            var task = tasks[schedule.Next(tasks.Count)];
            story?.Add($"{now,8}  {what} {task.Entry}");
            ask(dispatcher, task.Entry, now);
            Carry();
        }
    }

    private void FireTimer()
    {
        if (timers.Count == 0)
        {
            return;
        }

        var first = 0;
        for (var i = 1; i < timers.Count; i++)
        {
            first = timers[i].At < timers[first].At ? i : first;
        }

        var (at, fire) = timers[first];
        timers.RemoveAt(first);
        now = Math.Max(now, at);
        fire();
        Carry();
    }

    private void ObserveDeath()
    {
        var dead = Any(static w => !w.Alive && !w.DeathTold && w.Endpoint.Supervised);
        if (dead is null && sabotage == Sabotage.ReportLivingAsDead)
        {
            dead = Any(static w => w is { Alive: true, Busy: true, DeathTold: false });
        }

        if (dead is not null)
        {
            Observe(dead);
        }
    }

    private void Observe(SimWorker dead)
    {
        story?.Add($"{now,8}  {dead.Endpoint} is observed dead");
        dead.DeathTold = true;
        dispatcher.WorkerDied(DispatcherRig.DeathOf(dead.Endpoint, dead.Evidence), now);
        Carry();
    }

    private void EndSession()
    {
        if (Any(static w => !w.Ended && !w.Alive && w.Kernel.Count == 0) is { } dead)
        {
            End(dead);
        }
        else if (schedule.Chance(20) && Any(static w => w is { Ended: false, Alive: true }) is { } broken)
        {
            End(broken);
        }
    }

    private void End(SimWorker worker)
    {
        story?.Add($"{now,8}  the session with {worker.Endpoint} ends");
        worker.Ended = true;
        worker.Kernel.Clear();
        dispatcher.SessionEnded(worker.Endpoint, "it ended", now);
        Carry();
    }

    private void Replace(bool always)
    {
        var slot = schedule.Next(slots);
        if (always || schedule.Chance(60))
        {
            Replace(slot);
        }
    }

    private void Replace(int slot)
    {
        // A supervisor fills the slot when its process is gone; a client of bare addresses connects again when the session is.
        foreach (var other in workers)
        {
            if (other.Endpoint.Worker.Id.Slot == slot && (supervised ? other.Alive : !other.Ended))
            {
                return;
            }
        }

        var id = new WorkerId("sim", slot, ++lastIncarnation);
        var lanes = 1 + (int)(lastIncarnation + slot) % 3;
        var endpoint = new EndpointState(new WorkerEndpoint(id, Nowhere, 1, null, lanes), (ulong)lastIncarnation, lanes, supervised, prefetches: true);
        story?.Add($"{now,8}  {endpoint} opens with {lanes} lanes");
        workers.Add(new SimWorker(endpoint, hasLedger: lastIncarnation % 5 != 0));
        dispatcher.EndpointOpened(endpoint, now);
        Carry();
    }

    private void AnswerAttempt()
    {
        if (failedAttempts.Count > 0)
        {
            var at = schedule.Next(failedAttempts.Count);
            var task = failedAttempts[at];
            failedAttempts.RemoveAt(at);
            AnswerAttempt(task, grant: !schedule.Chance(25));
        }
    }

    private void AnswerAttempt(SimTask task, bool grant)
    {
        story?.Add($"{now,8}  {(grant ? "grant" : "refuse")} another attempt to {task.Entry}");
        if (!grant || !dispatcher.Resubmit(task.Entry, now))
        {
            dispatcher.GiveUp(task.Entry, AttemptOutcome.Failed(task.Entry.LastFailure ?? new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "given up" }));
        }

        Carry();
    }

    private void LeaveOrGiveUpHope()
    {
        if (schedule.Chance(50))
        {
            if (Any(static w => w is { Alive: true, Draining: false }) is { } leaving)
            {
                story?.Add($"{now,8}  {leaving.Endpoint} is leaving");
                leaving.Draining = true;
                leaving.GiveBackWaiting();
                dispatcher.EndpointDraining(leaving.Endpoint);
            }
        }
        else
        {
            dispatcher.OutlookChanged(schedule.Chance(50) ? WorkerOutlook.Hopeful : new WorkerOutlook(true, null, TimeSpan.FromSeconds(1)));
        }

        Carry();
    }

    /// <summary>The world heals, and nothing may be left over.</summary>
    private void Drain()
    {
        draining = true;
        dispatcher.OutlookChanged(WorkerOutlook.Hopeful);
        Carry();
        for (var round = 0; dispatcher.Unsettled > 0; round++)
        {
            if (round > 400)
            {
                throw new SimulationViolation($"{dispatcher.Unsettled} tasks never end: {string.Join(", ", tasks.FindAll(static t => t.Settlements == 0).ConvertAll(static t => t.Entry))}");
            }

            now += 100;
            for (var i = 0; i < workers.Count; i++)
            {
                DrainWorker(workers[i]);
                Check();
            }

            for (var slot = 0; slot < slots; slot++)
            {
                Replace(slot);
            }

            while (failedAttempts.Count > 0)
            {
                var task = failedAttempts[^1];
                failedAttempts.RemoveAt(failedAttempts.Count - 1);
                AnswerAttempt(task, grant: true);
                Check();
            }

            FireTimer();
            Check();
        }

        foreach (var task in tasks)
        {
            task.Demand(task is { Completions: 1, Settlements: 1 }, $"has {task.Completions} outcomes and was settled {task.Settlements} times");
        }
    }

    private void DrainWorker(SimWorker worker)
    {
        if (worker.Endpoint.PumpWanted && !worker.Ended)
        {
            Pump(worker, ProtocolLimits.MaxFrameBytes);
        }

        if (worker.Alive)
        {
            while (worker.Wire.Count > 0)
            {
                worker.Arrive(full: false);
            }

            while (worker.HasWaiting && worker.HasFreeLane)
            {
                Start(worker);
            }

            while (worker.Finish(schedule, always: true))
            {
            }

            worker.Flush(int.MaxValue);
        }

        if (worker.Alive && (worker.KillOrdered || worker.Draining))
        {
            worker.Kill();
        }

        if (!worker.Ended)
        {
            Deliver(worker, int.MaxValue);
        }

        if (!worker.Alive && !worker.Ended)
        {
            End(worker);
        }

        if (worker is { Alive: false, DeathTold: false, Endpoint.Supervised: true })
        {
            Observe(worker);
        }
    }

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
            case DispatchActionKind.QueueFell:
            case DispatchActionKind.LateOutcome:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "nobody carries it out");
        }
    }

    private void Check()
    {
        if (dispatcher.Unsettled != accepted - settled)
        {
            throw new SimulationViolation($"{dispatcher.Unsettled} tasks count as unsettled, but {accepted} were accepted and {settled} settled");
        }

        var inFlight = 0;
        foreach (var endpoint in dispatcher.Endpoints)
        {
            inFlight += endpoint.InFlight.Count;
            if (endpoint.TakesTasks && endpoint.InFlight.Count < endpoint.Concurrency && dispatcher.Queued > 0)
            {
                throw new SimulationViolation($"{dispatcher.Queued} tasks wait while {endpoint} has a free lane");
            }

            if (endpoint.InFlight.Count < 0 || endpoint.Backlog < 0 || endpoint.Overdue < 0 || endpoint.Overdue > endpoint.InFlight.Count)
            {
                throw new SimulationViolation($"the books of {endpoint} do not add up: backlog {endpoint.Backlog}, overdue {endpoint.Overdue}");
            }
        }

        var sent = 0;
        foreach (var task in tasks)
        {
            sent += task.Entry.Phase == TaskPhase.Sent ? 1 : 0;
            if ((task.Entry.Phase == TaskPhase.Done) != (task.Settlements == 1))
            {
                throw new SimulationViolation($"{task.Entry} and its caller disagree");
            }
        }

        if (sent != inFlight)
        {
            throw new SimulationViolation($"{sent} tasks are sent, but {inFlight} are in flight");
        }
    }

    private SimWorker? Any(Predicate<SimWorker> which)
    {
        if (workers.Count == 0)
        {
            return null;
        }

        var from = schedule.Next(workers.Count);
        for (var i = 0; i < workers.Count; i++)
        {
            var worker = workers[(from + i) % workers.Count];
            if (which(worker))
            {
                return worker;
            }
        }

        return null;
    }

    private SimWorker Find(EndpointState endpoint) => workers.Find(w => w.Endpoint == endpoint)!;

    private bool Once(Sabotage what)
    {
        if (sabotage != what || sabotaged)
        {
            return false;
        }

        sabotaged = true;
        return true;
    }

    private static Uri Nowhere { get; } = new("unix:///nowhere");
}
