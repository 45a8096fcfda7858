using WorkerHost.V1;
using WorkerHost.Worker;

namespace WorkerHost.Testing;

/// <summary>
/// One incarnation: the worker's own code on threads of this process, with a ledger in memory, and what stands between it and its pool. What a real process
/// does at its death in one moment is done here in an order that leaves the same evidence: nothing gets out, nothing more starts, the ledger is read.
/// </summary>
internal sealed class PretendedProcess : WorkerTap
{
    private readonly ScriptedSupervisor supervisor;
    private readonly Lock gate = new();
    private readonly Dictionary<TaskRun, string> handlers = [];

    /// <summary>Their results will be lost, and the worker with them.</summary>
    private readonly Dictionary<(ulong Session, ulong Sequence), TestDeath> doomed = [];
    private TaskCompletionSource? held;
    private bool dead;

    public PretendedProcess(ScriptedSupervisor supervisor, WorkerId id, int pid, LedgerPage ledger, long begun, DateTimeOffset startedAt)
    {
        this.supervisor = supervisor;
        Id = id;
        Pid = pid;
        Ledger = ledger;
        Begun = begun;
        StartedAt = startedAt;
    }

    public WorkerId Id { get; }

    public int Pid { get; }

    /// <summary>Never disposed of: a handler of a dead worker runs on, and marks its end there.</summary>
    public LedgerPage Ledger { get; }

    public long Begun { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>Set under the supervisor's lock when it is ready.</summary>
    public InProcessWorker? Worker { get; set; }

    public long? ReadyAt { get; set; }

    /// <summary>It was told to leave; set under the supervisor's lock.</summary>
    public string? LeavingBecause { get; set; }

    public bool IsDead
    {
        get
        {
            lock (gate)
            {
                return dead;
            }
        }
    }

    public bool IsHeld
    {
        get
        {
            lock (gate)
            {
                return held is not null;
            }
        }
    }

    /// <summary>From now on nothing gets in or out. Done when it does again, or when the worker has ended.</summary>
    public Task Hold()
    {
        lock (gate)
        {
            held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return held.Task;
        }
    }

    public void LetGo()
    {
        lock (gate)
        {
            held?.TrySetResult();
            held = null;
        }
    }

    /// <summary>The end, once. False: it has ended before.</summary>
    public bool End()
    {
        string[] left;
        lock (gate)
        {
            if (dead)
            {
                return false;
            }

            dead = true;
            left = [.. handlers.Values];
            handlers.Clear();
        }

        foreach (var task in left)
        {
            supervisor.Running.Ended(task);
        }

        LetGo();
        Worker?.BreakOff();
        return true;
    }

    public override async ValueTask<bool> ArrivesAsync(SessionRequest frame)
    {
        await WhileHeldAsync().ConfigureAwait(false);
        foreach (var task in frame.Tasks)
        {
            if (supervisor.Plan.At(CrashMoment.BeforeStart, task.Task) is { } death)
            {
                supervisor.Died(this, death);
                break;
            }
        }

        return !IsDead;
    }

    public override async ValueTask<bool> LeavesAsync(SessionResponse frame)
    {
        await WhileHeldAsync().ConfigureAwait(false);
        if (Doomed(frame) is { } death)
        {
            supervisor.Died(this, death);
        }

        return !IsDead;
    }

    public override void Begins(TaskRun run, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (dead)
            {
                throw new OperationCanceledException($"worker {Id} has ended");
            }

            handlers.Add(run, run.Task);
        }

        supervisor.Running.Began(run.Task);
        if (supervisor.Plan.At(CrashMoment.WhileRunning, run.Task) is { } death)
        {
            supervisor.Died(this, death);
            throw new OperationCanceledException($"worker {Id} has ended");
        }

        if (supervisor.SlownessOf(Id) is var slowness && slowness > TimeSpan.Zero)
        {
            // The lane's own thread: a slow worker is one whose lanes are taken for longer.
            Task.Delay(slowness, supervisor.Time, cancellationToken).GetAwaiter().GetResult();
        }
    }

    public override void Ends(TaskRun run)
    {
        lock (gate)
        {
            if (!handlers.Remove(run))
            {
                return;
            }

            if (supervisor.Plan.At(CrashMoment.AfterCompletion, run.Task) is { } death)
            {
                doomed.Add((run.SessionKey, run.Sequence), death);
            }
        }

        supervisor.Running.Ended(run.Task);
    }

    private TestDeath? Doomed(SessionResponse frame)
    {
        lock (gate)
        {
            if (doomed.Count == 0)
            {
                return null;
            }

            // Its pool has one session with each worker, so the sequence says enough.
            foreach (var ((_, sequence), death) in doomed)
            {
                if (frame.Outcomes.Any(o => o.Sequence == sequence) || frame.Chunks.Any(c => c.Sequence == sequence))
                {
                    return death;
                }
            }

            return null;
        }
    }

    private async ValueTask WhileHeldAsync()
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (held is null)
                {
                    return;
                }

                wait = held.Task;
            }

            await wait.ConfigureAwait(false);
        }
    }
}
