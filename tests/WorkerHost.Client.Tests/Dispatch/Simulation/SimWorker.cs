namespace WorkerHost.Client.Tests;

/// <summary>
/// A worker process with its lanes, its inbox, its ledger, and the two halves of a socket: what it has written into the
/// kernel survives its death, what it has not is lost.
/// </summary>
internal sealed class SimWorker(EndpointState endpoint, bool hasLedger, bool keepsWhatItGivesBack = false)
{
    private readonly LedgerBytes ledger = new LedgerBytes(endpoint.Concurrency, endpoint.Worker.Id.Incarnation).Track(endpoint.SessionKey, 0);
    private readonly SimRun?[] lanes = new SimRun?[endpoint.Concurrency];
    private readonly List<SimRun> inbox = [];
    private readonly PartialPayloads uploads = new(1 << 20);
    private ulong highestStarted;
    private ulong lastArrived;

    /// <summary>One when it starts, one before its end.</summary>
    public const int ItemsOfStream = 2;

    public EndpointState Endpoint => endpoint;

    /// <summary>Written by the pool, not yet read by the worker: a task, or a request to cancel or give back.</summary>
    public Queue<SimMessage> Wire { get; } = new();

    /// <summary>Made, not yet given to the kernel.</summary>
    public Queue<SimAnswer> Unsent { get; } = new();

    /// <summary>In the kernel: arrives whatever happens to the process.</summary>
    public Queue<SimAnswer> Kernel { get; } = new();

    public bool Alive { get; private set; } = true;

    public DeathCause Cause { get; private set; }

    public bool DeathTold;

    public bool Ended;

    public bool KillOrdered;

    public bool Draining;

    public bool HasFreeLane => Array.IndexOf(lanes, null) >= 0;

    public bool HasWaiting => inbox.Count > 0;

    public bool Busy => Array.Exists(lanes, static r => r is not null);

    public LedgerEvidence Evidence => hasLedger ? ledger.Read() : LedgerEvidence.None;

    /// <summary>Pieces of large payloads count where they are written: what they carry is whole when the task comes.</summary>
    public void TakePieces(FrameContent frame)
    {
        foreach (var piece in frame.Pieces)
        {
            if (piece.IsAbandoned)
            {
                uploads.Abandon(piece.Upload);
            }
            else
            {
                uploads.Add(piece.Upload, (ulong)piece.Offset, piece.Data.Span, (ulong)piece.TotalBytes);
            }
        }

        if (frame is { Uploaded: { } entry, LastPiece: { Offset: > 0 } last } && uploads.Complete(last.Upload, last.Data.Span, (ulong)last.TotalBytes)?.Length != entry.Bytes)
        {
            throw new SimulationViolation($"{endpoint} got {entry} in pieces that do not make its payload");
        }

        if (uploads.Count > 1)
        {
            throw new SimulationViolation($"{endpoint} has {uploads.Count} payloads on their way");
        }
    }

    /// <param name="full">It has no room for a task, whoever filled it.</param>
    public void Arrive(bool full)
    {
        var message = Wire.Dequeue();
        switch (message.Kind)
        {
            case SimMessageKind.Task:
                if (message.Sequence <= lastArrived)
                {
                    throw new SimulationViolation($"{endpoint} was sent sequence {message.Sequence} after {lastArrived}");
                }

                lastArrived = message.Sequence;
                inbox.Add(new SimRun(message.Task!, message.Sequence, message.Attempt));
                if (Draining || full)
                {
                    Unsent.Enqueue(new SimAnswer(message.Sequence, null, Rejected: true, Recalled: false, -1));
                    inbox.RemoveAt(inbox.Count - 1);
                }

                break;
            case SimMessageKind.Cancel:
                if (Unstarted(message.Sequence) is { } cancelled)
                {
                    inbox.Remove(cancelled);
                    Unsent.Enqueue(new SimAnswer(message.Sequence, AttemptOutcome.Failed(Heeded with { NeverStarted = true }), false, false, 0));
                }
                else if (Array.Find(lanes, r => r?.Sequence == message.Sequence) is { } running)
                {
                    running.CancelAsked = true;
                }

                break;
            case SimMessageKind.Recall:
                if (Unstarted(message.Sequence) is { } recalled)
                {
                    if (!keepsWhatItGivesBack)
                    {
                        inbox.Remove(recalled);
                    }

                    Unsent.Enqueue(new SimAnswer(message.Sequence, null, false, Recalled: true, -1));
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message.Kind, "no such message");
        }
    }

    public void GiveBackWaiting()
    {
        foreach (var run in inbox)
        {
            Unsent.Enqueue(new SimAnswer(run.Sequence, null, false, Recalled: true, -1));
        }

        inbox.Clear();
    }

    public void Start(bool withoutMark)
    {
        var run = inbox[0];
        inbox.RemoveAt(0);
        var lane = Array.IndexOf(lanes, null);
        lanes[lane] = run;
        if (!withoutMark)
        {
            ledger.Lane(lane, endpoint.SessionKey, run.Sequence, LaneState.Running);
            ledger.Track(endpoint.SessionKey, highestStarted = Math.Max(highestStarted, run.Sequence));
        }

        var task = run.Task;
        task.Demand(!task.Refused, $"was refused and was started on {endpoint}");
        task.Demand(task.Settlements == 0 || !endpoint.Supervised, $"was started on {endpoint} after it was settled");
        task.Demand(task.Running == 0 || !endpoint.Supervised, $"was started on {endpoint} while it ran elsewhere");
        task.Demand(task.Starts == 0 || task.Entry.Options.Idempotent || task.MayStartAgain, $"is not idempotent and was started a second time, on {endpoint}");
        task.Demand(task.ProvenKills < 2, $"was started on {endpoint} after it was proven to have killed {task.ProvenKills} workers");
        foreach (var other in lanes)
        {
            task.Demand(other is null || other == run || !(task.Entry.IsSuspect || other.Task.Entry.IsSuspect), $"shares {endpoint} with {other?.Task.Entry}, and one of them is a suspect");
        }

        task.Starts++;
        task.Running++;
        task.MayStartAgain = false;
        Yield(run, 0);
    }

    /// <param name="schedule">Says which lane and how it ends.</param>
    /// <param name="always">Also a stubborn handler that has been cancelled: never. A kill ends it.</param>
    public bool Finish(Schedule schedule, bool always = false)
    {
        var from = schedule.Next(lanes.Length);
        for (var i = 0; i < lanes.Length; i++)
        {
            var lane = (from + i) % lanes.Length;
            if (lanes[lane] is not { } run || (run is { CancelAsked: true, Task.Stubborn: true }))
            {
                continue;
            }

            if (run.Task.Poisonous)
            {
                run.Task.Kills++;
                run.Task.ProvenKills += hasLedger && endpoint.Supervised && lanes.Count(static r => r is not null) == 1 ? 1 : 0;
                Kill(DeathCause.Crash);
                return false;
            }

            var how = always ? 0 : schedule.Next(10);
            var outcome = run.CancelAsked && how < 8
                ? AttemptOutcome.Failed(Heeded)
                : how switch
                {
                    < 7 => AttemptOutcome.Success(SimResult.Write(run.Task.Entry.Number, run.Attempt), ContentType.Bytes),
                    7 => AttemptOutcome.Failed(DispatcherRig.HandlerThrew()),
                    _ => AttemptOutcome.Failed(DispatcherRig.HandlerThrew(retryable: true)),
                };
            if (outcome.IsSuccess)
            {
                Yield(run, 1);
            }

            lanes[lane] = null;
            ledger.Lane(lane, endpoint.SessionKey, run.Sequence, LaneState.Finished);
            run.Task.Running--;
            run.Task.FinishedAttempt = run.Attempt;
            run.Task.MayStartAgain = outcome.Failure is { Retryable: true };
            Unsent.Enqueue(new SimAnswer(run.Sequence, outcome, false, false, run.Task.Entry.Task[0] switch { 'a' => 0, 'b' => 40, 'c' => 150, _ => 500_000 }));
            return true;
        }

        return false;
    }

    public void Flush(int count)
    {
        for (; count > 0 && Unsent.TryDequeue(out var answer); count--)
        {
            // Nobody reads what comes after the end of the session.
            if (!Ended)
            {
                Kernel.Enqueue(answer);
            }
        }
    }

    public void Kill(DeathCause cause = DeathCause.Killed)
    {
        Cause = Alive ? cause : Cause;
        Alive = false;
        inbox.Clear();
        Wire.Clear();
        Unsent.Clear();
        foreach (var run in lanes)
        {
            if (run is not null)
            {
                run.Task.Running--;
            }
        }

        Array.Clear(lanes);
    }

    private void Yield(SimRun run, int index)
    {
        if (run.Task.Entry.IsStream)
        {
            Unsent.Enqueue(new SimAnswer(run.Sequence, null, false, false, -1) { Item = new SimItem(run.Task.Entry.Number, run.Attempt, index) });
        }
    }

    private static TaskFailure Heeded { get; } = new() { Kind = TaskFailureKind.Cancelled, Message = "it heeded" };

    private SimRun? Unstarted(ulong sequence) => inbox.Find(r => r.Sequence == sequence);
}

internal sealed class SimRun(SimTask task, ulong sequence, int attempt)
{
    public SimTask Task => task;

    public ulong Sequence => sequence;

    public int Attempt => attempt;

    public bool CancelAsked;
}

internal enum SimMessageKind
{
    Task,
    Cancel,
    Recall,
}

internal readonly record struct SimMessage(SimMessageKind Kind, ulong Sequence, SimTask? Task = null, int Attempt = 0);

internal readonly record struct SimAnswer(ulong Sequence, AttemptOutcome? Outcome, bool Rejected, bool Recalled, long ServiceMicroseconds)
{
    /// <summary>No answer, but something that the task says before it.</summary>
    public SimItem? Item { get; init; }
}

/// <summary>Says whose it is.</summary>
internal sealed record SimItem(ulong Number, int Attempt, int Index);
