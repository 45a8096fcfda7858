namespace WorkerHost.Client.Tests;

/// <summary>What may happen, one at a time.</summary>
internal sealed partial class DispatcherSimulation
{
    private void Submit()
    {
        var count = !crowded && schedule.Chance(3) ? 10 + schedule.Next(20) : 1;
        crowded |= count > 1;
        for (var i = 0; i < count; i++)
        {
            SubmitOne();
        }
    }

    private void SubmitOne()
    {
        var options = schedule.Next(4) switch
        {
            0 => new TaskOptions { Idempotent = true },
            1 when schedule.Chance(40) => new TaskOptions { TimeLimit = TimeSpan.FromTicks(1 + schedule.Next(100_000)), Idempotent = schedule.Chance(50) },
            _ => TaskOptions.Default,
        };
        if (schedule.Chance(30))
        {
            options = options with { Priority = (TaskPriority)(schedule.Next(5) - 2) };
        }

        var number = ++lastNumber;
        if (callers.Length > 0 && number % 5 < 3)
        {
            options = options with { AffinityKey = Names[number % 5] };
        }

        var entry = new TaskEntry(number, Names[schedule.Next(Names.Length)], options, new byte[schedule.Chance(10) ? 3000 : 8], ContentType.Bytes, 1 + schedule.Next(4))
        {
            Share = (int)(number % 7) / 2 is var caller && caller < callers.Length ? callers[caller] : null,
        };
        var task = new SimTask(entry, stubborn: schedule.Chance(15) && supervised, supervised, poisonous: schedule.Chance(4));
        entry.Completion = task;
        if (streams && entry.Number % 3 == 0)
        {
            entry.Feed = new TaskFeed(new ItemBuffer(2, 8), progress: null);
        }

        var hold = schedule.Chance(10);
        var before = PlacesOf(entry.Share);
        if (dispatcher.Submit(entry, now, hold) is { } refusal)
        {
            Refused(task, refusal, before);
        }
        else
        {
            story?.Add($"{now,8}  {entry} is accepted");
            accepted++;
            task.QueuedAs = entry.Phase == TaskPhase.Queued && Once(Sabotage.JumpTheQueue) ? -1 : ++places;
            tasks.Add(task);
            if (hold)
            {
                failedAttempts.Add(task);
            }
        }

        Carry();
    }

    private void Refused(SimTask task, TaskFailure refusal, (int All, int Its) before)
    {
        story?.Add($"{now,8}  {task.Entry} is refused: {refusal.Message}");
        task.Refused = true;
        task.Demand(refusal.NeverStarted, "is refused and not said to be never started");
        if (refusal.QueueIsFull)
        {
            var free = capacity - before.All;
            task.Demand(free <= 0 || (task.Entry.Share is not null && before.Its >= free), $"is refused a place although {free} are free and its caller has {before.Its}");
        }

        if (refusal.Message.Contains(nameof(WorkerPoolOptions.AdmitByDeadline), StringComparison.Ordinal))
        {
            task.Demand(task.Entry.Options.TimeLimit is not null && dispatcher.Queued > 0 && dispatcher.Endpoints.Any(static e => e.Open), "is refused for a time that it can keep");
        }

        if (sabotage == Sabotage.SendRefused && Any(static w => w.Alive) is { } worker && Once(Sabotage.SendRefused))
        {
            worker.Wire.Enqueue(new SimMessage(SimMessageKind.Task, 1 << 20, task, 1));
        }
    }

    private static bool HasPlace(SimTask task) => task.Entry is { Phase: TaskPhase.Queued } or { Phase: TaskPhase.Retrying, Attempt: 0 };

    private (int All, int Its) PlacesOf(CallerShare? share)
    {
        var (all, its) = (0, 0);
        foreach (var task in tasks)
        {
            if (HasPlace(task))
            {
                all++;
                its += task.Entry.Share == share ? 1 : 0;
            }
        }

        return (all, its);
    }

    /// <summary>So many tasks of the longest name run through that a time limit can be held against what waits.</summary>
    private void LearnWhatIsLong()
    {
        Replace(0);
        var worker = workers[^1];
        for (var i = 0; i < ServiceTime.EnoughSamples; i++)
        {
            var entry = new TaskEntry(++lastNumber, "d", TaskOptions.Default, default, ContentType.Bytes, 1);
            entry.Completion = new SimTask(entry, stubborn: false, supervised, poisonous: false) { FinishedAttempt = 1 };
            accepted++;
            dispatcher.Submit(entry, now);
            Carry();
            Pump(worker, ProtocolLimits.MaxFrameBytes);
            while (worker.Wire.Count > 0)
            {
                worker.Arrive(full: false);
                worker.Start(withoutMark: false);
                worker.Finish(schedule, always: true);
            }

            worker.Flush(int.MaxValue);
            Deliver(worker, int.MaxValue);
        }
    }

    /// <summary>The pool stops, and only what runs may go on.</summary>
    private void StopWhatWaits()
    {
        story?.Add($"{now,8}  the pool stops and cancels what waits");
        stopped = true;
        foreach (var task in tasks)
        {
            // Over bare addresses a task may wait again while what was lost of it runs on.
            task.RanAtStop |= supervised && task.Running > 0;
        }

        dispatcher.BeginStop();
        dispatcher.CancelWaiting(now);
        if (sabotage == Sabotage.CancelRunningAtStop && tasks.Find(static t => t.Running > 0) is { } running)
        {
            dispatcher.Cancel(running.Entry, now);
        }

        Carry();
    }

    private void Pump()
    {
        if (Any(static w => w.Endpoint.PumpWanted && !w.Ended) is { } worker)
        {
            Pump(worker, schedule.Chance(50) ? ProtocolLimits.MinFrameBytes : ProtocolLimits.MaxFrameBytes);
        }
    }

    private void Pump(SimWorker worker, int maxBytes)
    {
        dispatcher.TakeFrame(worker.Endpoint, maxBytes, frame, now);
        if (worker.Alive)
        {
            worker.TakePieces(frame);
            foreach (var entry in frame.Tasks)
            {
                worker.Wire.Enqueue(new SimMessage(SimMessageKind.Task, entry.Sequence, (SimTask)entry.Completion!, entry.Attempt));
            }

            foreach (var sequence in frame.Cancels)
            {
                worker.Wire.Enqueue(new SimMessage(SimMessageKind.Cancel, sequence));
            }

            foreach (var sequence in frame.Recalls)
            {
                worker.Wire.Enqueue(new SimMessage(SimMessageKind.Recall, sequence));
            }
        }

        story?.Add($"{now,8}  {worker.Endpoint} is written {frame.Tasks.Count} tasks, {frame.Pieces.Count} pieces, {frame.Cancels.Count} cancels, {frame.Recalls.Count} recalls");
        frame.Clear();
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
            if (answer.Item is { } item)
            {
                DeliverItem(worker, answer.Sequence, item);
                continue;
            }

            if (answer.Recalled)
            {
                dispatcher.Recalled(worker.Endpoint, answer.Sequence, now);
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

    private void DeliverItem(SimWorker worker, ulong sequence, SimItem item)
    {
        if (item.Index == 1 && Once(Sabotage.DropItem))
        {
            return;
        }

        for (var times = Once(Sabotage.RepeatItem) ? 2 : 1; times > 0; times--)
        {
            if (dispatcher.Heard(worker.Endpoint, sequence, isItem: true, isWhole: true) is { } heard)
            {
                story?.Add($"{now,8}  {heard} is heard to yield item {item.Index}");
                ((SimTask)heard.Completion!).Take(item);
            }
        }

        Carry();
    }

    private void Ask(string what, Action<Dispatcher, TaskEntry, long> ask)
    {
        if (tasks.Count > 0)
        {
            var task = tasks[schedule.Next(tasks.Count)];
            story?.Add($"{now,8}  {what} {task.Entry}");
            task.StopAsked = true;
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
        dispatcher.WorkerDied(DispatcherRig.DeathOf(dead.Endpoint, dead.Evidence, sabotage == Sabotage.CallKillsCrashes ? DeathCause.Crash : dead.Cause), now);
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
        var endpoint = new EndpointState(new WorkerEndpoint(id, Nowhere, 1, null, lanes), (ulong)lastIncarnation, lanes, supervised, prefetches: true) { TakesPieces = lastIncarnation % 4 != 0 };
        story?.Add($"{now,8}  {endpoint} opens with {lanes} lanes");
        workers.Add(new SimWorker(endpoint, hasLedger: lastIncarnation % 5 != 0, keepsWhatItGivesBack: sabotage == Sabotage.RunWhatWasGivenBack));
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
        task.GoesAhead |= task.Entry.Attempt > 0;
        task.QueuedAs = ++places;
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
}
