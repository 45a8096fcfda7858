using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>How a worker takes tasks, runs them and answers.</summary>
internal sealed partial class SimProcess
{
    private static readonly TaskFailure Cancelled = new() { Kind = TaskFailureKind.Cancelled, Message = "it heeded its cancellation" };

    private static readonly TaskFailure CancelledUnstarted = Cancelled with { NeverStarted = true };

    private static readonly TaskFailure Full = new() { Kind = TaskFailureKind.Rejected, NeverStarted = true, Message = "it is full" };

    private static readonly TaskFailure Threw = new() { Kind = TaskFailureKind.TaskFailed, Message = "the handler threw" };

    private static readonly TaskFailure ThrewRetryable = Threw with { Retryable = true };

    private void Read(SimRequest request)
    {
        if (SessionLost)
        {
            return;
        }

        Between();
        foreach (var run in request.Tasks)
        {
            if (run.Sequence <= lastArrived)
            {
                throw new Violation($"{Id} was sent sequence {run.Sequence} after {lastArrived}");
            }

            lastArrived = run.Sequence;
            if (Draining)
            {
                Answer(new SimAnswer(run.Sequence, default, Recalled: true, -1));
            }
            else if (world.Faulty && dice.Chance(1))
            {
                Answer(new SimAnswer(run.Sequence, AttemptOutcome.Failed(Full), Recalled: false, -1));
            }
            else
            {
                inbox.Add(run);
            }
        }

        foreach (var sequence in request.Cancels)
        {
            if (TakeUnstarted(sequence))
            {
                Answer(new SimAnswer(sequence, AttemptOutcome.Failed(CancelledUnstarted), Recalled: false, -1));
            }
            else
            {
                Heed(Array.Find(Lanes, r => r?.Sequence == sequence));
            }
        }

        foreach (var sequence in request.Recalls)
        {
            if (TakeUnstarted(sequence))
            {
                Answer(new SimAnswer(sequence, default, Recalled: true, -1));
            }
        }

        StartNext();
    }

    private void StartNext()
    {
        while (inbox.Count > 0 && !Frozen && Alive && Array.IndexOf(Lanes, null) is >= 0 and var lane)
        {
            var run = inbox[0];
            inbox.RemoveAt(0);
            Start(lane, run);
        }
    }

    private void Start(int lane, SimRun run)
    {
        Lanes[lane] = run;
        if (!world.Once(Sabotage.ForgetStartMark))
        {
            ledger?.Lane(lane, Session!.SessionKey, run.Sequence, LaneState.Running);
            if (Session!.SessionKey != 0)
            {
                ledger?.Track(Session.SessionKey, highestStarted = Math.Max(highestStarted, run.Sequence));
            }
        }

        world.Story?.Tell($"{Id} starts {run.Task.Entry} as {run.Sequence}: {run.Task.Nature}");
        Between();
        Checks.AtStart(this, run.Task);
        var task = run.Task;
        task.Starts++;
        task.Running++;
        task.MayStartAgain = false;
        if (task.IsPoisonous)
        {
            agenda.After(Math.Min(task.Service, TimeSpan.TicksPerSecond), () => WhenIn(lane, run, () => Suffer(task)));
        }
        else if (task.Nature != Nature.Stubborn)
        {
            agenda.After(task.Service, () => WhenIn(lane, run, () => Finish(lane, run)));
        }
    }

    /// <summary>A handler that is asked to stop does so soon, if it is one that ever does.</summary>
    private void Heed(SimRun? run)
    {
        if (run is not null && !run.CancelAsked)
        {
            run.CancelAsked = true;
            var lane = Array.IndexOf(Lanes, run);
            if (run.Task.Nature is not (Nature.Stubborn or Nature.Poison or Nature.PoisonOnce) && !dice.Chance(world.Plan.Slow / 3))
            {
                agenda.After(dice.Ms(0, 50), () => WhenIn(lane, run, () => Finish(lane, run)));
            }
        }
    }

    private void WhenIn(int lane, SimRun run, Action what)
    {
        if (Alive && Lanes[lane] == run)
        {
            WhenAwake(() =>
            {
                if (Lanes[lane] == run)
                {
                    what();
                }
            });
        }
    }

    private void Suffer(SimTask task)
    {
        Culprit = task;
        world.Story?.Tell($"{Id} suffers {task.Poison} of {task.Entry}");
        switch (task.Poison)
        {
            case Poison.Segfault:
                Exit(ExitFacts.Signalled(11), Fate.Itself);
                break;
            case Poison.Exit3:
                Exit(ExitFacts.Exited(3), Fate.Itself);
                break;
            case Poison.Exit0:
                Exit(ExitFacts.Exited(0), Fate.Itself);
                break;
            case Poison.OutOfMemory:
                Exit(ExitFacts.Signalled(SignalNames.Kill).WithOomKills(1), Fate.OutOfMemory);
                break;
            case Poison.Freeze:
                Freeze();
                break;
            case Poison.Memory:
                OverLimit = true;
                break;
            default:
                throw new InvalidOperationException($"no such poison: {task.Poison}");
        }
    }

    private void Finish(int lane, SimRun run)
    {
        var task = run.Task;
        var outcome = run.CancelAsked && !dice.Chance(20) ? AttemptOutcome.Failed(Cancelled)
            : task.Nature == Nature.Throws ? AttemptOutcome.Failed(Threw)
            : task.Nature == Nature.ThrowsRetryable && dice.Chance(70) ? AttemptOutcome.Failed(ThrewRetryable)
            : AttemptOutcome.Success(SimResult.Write(task.Entry.Number, run.Attempt), ContentType.Bytes);
        Lanes[lane] = null;
        ledger?.Lane(lane, Session!.SessionKey, run.Sequence, LaneState.Finished);
        Finished++;
        task.Running--;
        task.FinishedAttempt = run.Attempt;
        task.MayStartAgain = outcome.Failure is { Retryable: true };
        world.Story?.Tell($"{Id} finishes {task.Entry}: {outcome.Failure?.Message ?? "a result"}");
        Between();
        Answer(new SimAnswer(run.Sequence, outcome, Recalled: false, task.Service / TimeSpan.TicksPerMicrosecond));
        StartNext();
        LeaveIfDone();
    }

    private bool TakeUnstarted(ulong sequence)
    {
        var at = inbox.FindIndex(r => r.Sequence == sequence);
        if (at < 0)
        {
            return false;
        }

        inbox.RemoveAt(at);
        return true;
    }

    // ---- its answers ----

    private void Answer(SimAnswer answer)
    {
        unsent.Add(answer);
        FlushSoon();
    }

    private void FlushSoon()
    {
        if (!flushing)
        {
            flushing = true;
            agenda.After(dice.Ms(0, world.Faulty && dice.Chance(10) ? 20 : 0.1), () => WhenAwake(Flush));
        }
    }

    private void Flush()
    {
        flushing = false;
        var answers = unsent;
        unsent = [];
        if (answers.Count == 0 || SessionLost)
        {
            LeaveIfDone();
            return;
        }

        var response = new SimResponse(answers, Draining, End: false);
        Between();
        Outgoing.Put(response);
        if (world.Faulty && dice.Chance(world.Plan.Duplicates))
        {
            Outgoing.Put(response);
        }

        LeaveIfDone();
    }

    // ---- its leave ----

    private void Drain()
    {
        if (Draining)
        {
            return;
        }

        Draining = true;
        Between();
        world.Story?.Tell($"{Id} drains, {RunningCount} running");
        ledger?.Stage(LedgerStage.Draining);
        foreach (var run in inbox)
        {
            unsent.Add(new SimAnswer(run.Sequence, default, Recalled: true, -1));
        }

        inbox.Clear();
        if (Session is { SessionKey: not 0 } && !SessionLost)
        {
            Outgoing.Put(new SimResponse([], Draining: true, End: false));
        }

        if (unsent.Count > 0)
        {
            FlushSoon();
        }

        LeaveIfDone();
    }

    private void LeaveIfDone()
    {
        if (Draining && Alive && RunningCount == 0 && inbox.Count == 0 && unsent.Count == 0 && !leaving)
        {
            leaving = true;
            agenda.After(dice.Ms(0.1, 20), () => WhenAwake(() =>
            {
                leaving = false;
                if (RunningCount == 0 && unsent.Count == 0)
                {
                    Exit(ExitFacts.Exited(dice.Chance(20) ? WorkerExitCode.Recycle : WorkerExitCode.Success), Fate.Left);
                }
                else
                {
                    LeaveIfDone();
                }
            }));
        }
    }

    private bool leaving;

    private void AbandonSession()
    {
        inbox.Clear();
        unsent.Clear();
        foreach (var run in Lanes)
        {
            Heed(run);
        }

        LeaveIfDone();
    }
}
