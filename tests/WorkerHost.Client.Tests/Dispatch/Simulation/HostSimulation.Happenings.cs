namespace WorkerHost.Client.Tests;

/// <summary>What may happen, one at a time.</summary>
internal sealed partial class HostSimulation
{
    private void Submit()
    {
        var options = schedule.Next(4) switch
        {
            0 or 1 => new TaskOptions { Idempotent = true },
            2 when schedule.Chance(40) => new TaskOptions { TimeLimit = TimeSpan.FromTicks(1 + schedule.Next(100_000)) },
            _ => TaskOptions.Default,
        };
        var entry = new TaskEntry(++lastNumber, "work", options, new byte[schedule.Chance(10) ? 3000 : 8], ContentType.Bytes, 1 + schedule.Next(4));
        var task = new SimTask(entry, stubborn: false, supervised: false, poisonous: false);
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

    private void Pump(SimSession session, int maxBytes)
    {
        dispatcher.TakeFrame(session.Endpoint, maxBytes, frame, now);
        if (!frame.IsEmpty)
        {
            story?.Add($"{now,8}  {session.Host.Instance} is written {string.Join(", ", frame.Tasks)}; cancels {string.Join(", ", frame.Cancels)}");
        }

        if (session.Host.Up && !session.IsNoticed)
        {
            // Before the tasks of its frame.
            if (frame.OutcomesSeen > 0)
            {
                session.Wire.Enqueue(new HostMessage(HostMessageKind.Seen, frame.OutcomesSeen));
            }

            foreach (var entry in frame.Tasks)
            {
                var task = (SimTask)entry.Completion!;
                task.Submissions += entry.Carried ? 0 : 1;
                session.Wire.Enqueue(new HostMessage(HostMessageKind.Task, entry.Sequence, task, entry.Attempt) { Again = entry.Carried });
            }

            Write(HostMessageKind.Cancel, frame.Cancels);
            Write(HostMessageKind.Recall, frame.Recalls);
        }

        frame.Clear();
        Carry();

        void Write(HostMessageKind kind, List<ulong> sequences)
        {
            foreach (var sequence in sequences)
            {
                session.Wire.Enqueue(new HostMessage(kind, sequence));
            }
        }
    }

    private void Deliver(SimSession session)
    {
        foreach (var answer in session.Kernel.Dequeue())
        {
            story?.Add($"{now,8}  {session.Host.Instance} answers task {answer.Number}: {answer.Outcome?.Failure?.Kind.ToString() ?? (answer.Outcome is null ? "given back" : "ok")}");
            if (answer.Outcome is not { } outcome)
            {
                dispatcher.Recalled(session.Endpoint, answer.Sequence, now);
            }
            else if (!outcome.IsSuccess || !Once(HostSabotage.DropResult))
            {
                dispatcher.Outcome(session.Endpoint, answer.Sequence, outcome, 40, now);
            }
        }

        dispatcher.Seen(session.Endpoint, schedule.Chance(20) ? 1 << 20 : 0);
        dispatcher.Dispatch(now);
        Carry();
    }

    private void Flush(SimSession session)
    {
        session.Flush();
        if (sabotage == HostSabotage.ClaimToHaveRead && !session.Ended)
        {
            dispatcher.Seen(session.Endpoint, 1 << 20);
            Carry();
        }
    }

    private void AskToStop()
    {
        if (tasks.Count == 0)
        {
            return;
        }

        var task = tasks[schedule.Next(tasks.Count)];
        story?.Add($"{now,8}  stop {task.Entry}");
        if (schedule.Chance(70))
        {
            dispatcher.Cancel(task.Entry, now);
        }
        else
        {
            dispatcher.StopAttempt(task.Entry, now);
        }

        Carry();
    }

    /// <param name="session">The pool finds it gone.</param>
    /// <param name="arriving">So many of its messages are still read by the host.</param>
    private void Break(SimSession session, int arriving)
    {
        story?.Add($"{now,8}  the session with {session.Host.Instance} breaks");
        var late = session.Wire.Take(arriving).ToList();
        session.Wire.Clear();
        late.ForEach(session.Wire.Enqueue);
        session.Ended = true;
        session.Kernel.Clear();
        dispatcher.SessionEnded(session.Endpoint, "it broke", now);
        Carry();
    }

    private void CrashOrRestart()
    {
        var host = hosts[schedule.Next(hosts.Count)];
        if (host.Up)
        {
            story?.Add($"{now,8}  {host.Instance} crashes");
            host.Crash();
        }
        else
        {
            host.Restart();
            story?.Add($"{now,8}  {host.Instance} is started");
        }
    }

    private void Connect(SimHost host)
    {
        // One address, one session: what is left of the one before is known to be lost.
        var worker = new WorkerEndpoint(new WorkerId("sim", host.Slot, 0), new Uri("unix:///nowhere"), 0, null, host.Lanes);
        var endpoint = new EndpointState(worker, ++lastKey, host.Lanes, supervised: false, prefetches: true)
        {
            TakesPieces = true,
            Host = new HostTerms(host.Instance, SimHost.KeepsFor),
        };
        story?.Add($"{now,8}  a session with {host.Instance} opens");
        host.Open(endpoint, now);
        dispatcher.EndpointOpened(endpoint, now);
        Carry();
    }

    private void AnswerAttempt(bool grant)
    {
        if (failedAttempts.Count == 0)
        {
            return;
        }

        var at = schedule.Next(failedAttempts.Count);
        var task = failedAttempts[at];
        failedAttempts.RemoveAt(at);
        if (!grant || !dispatcher.Resubmit(task.Entry, now))
        {
            dispatcher.GiveUp(task.Entry, AttemptOutcome.Failed(task.Entry.LastFailure ?? new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "given up" }));
        }

        Carry();
    }

    private void Stop()
    {
        story?.Add($"{now,8}  the pool stops");
        dispatcher.BeginStop();
        if (schedule.Chance(50))
        {
            dispatcher.CancelWaiting(now);
        }
        else
        {
            dispatcher.CancelAll(now);
        }

        Carry();
    }

    private void FireTimer()
    {
        if (timers.Count == 0)
        {
            return;
        }

        var next = timers.MinBy(static t => t.At);
        timers.Remove(next);
        now = Math.Max(now, next.At);
        next.Fire();
        Carry();
    }

    private void Carry()
    {
        while (dispatcher.TakeActions(spare) is { Count: > 0 } actions)
        {
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
        var (entry, endpoint) = (action.Entry!, action.Endpoint!);
        switch (action.Kind)
        {
            case DispatchActionKind.Complete:
                story?.Add($"{now,8}  {entry} is told {action.Outcome.Failure?.Message ?? "its result"}");
                entry.Completion!.Complete(action.Outcome);
                break;
            case DispatchActionKind.Settle:
                settled++;
                entry.Completion!.Settle();
                break;
            case DispatchActionKind.AttemptFailed:
                failedAttempts.Add((SimTask)entry.Completion!);
                break;
            case DispatchActionKind.DeadlineTimer:
                timers.Add((entry.Deadline, () => dispatcher.Expired(entry, now)));
                break;
            case DispatchActionKind.StopTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.StopOverdue(entry, endpoint, action.Sequence)));
                break;
            case DispatchActionKind.RestTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.Rested(endpoint, now)));
                break;
            case DispatchActionKind.LookTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.Look(now)));
                break;
            case DispatchActionKind.LimboTimer:
                timers.Add((now + action.Delay.Ticks, () => dispatcher.LimboOverdue(endpoint, now)));
                break;
            case DispatchActionKind.Attached:
                Attached += (int)action.Sequence;
                break;
            case DispatchActionKind.Pump:
            case DispatchActionKind.QueueFell:
            case DispatchActionKind.LateOutcome:
            case DispatchActionKind.HostLost:
                break;
            case DispatchActionKind.Abort:
                throw new SimulationViolation($"{endpoint} is accused: {action.Reason}");
            default:
                throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "nobody carries it out");
        }
    }
}
