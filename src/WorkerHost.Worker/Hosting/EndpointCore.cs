using Microsoft.Extensions.Logging;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// What everything in this worker's endpoint shares: who we are, the tasks, the queue and its lanes, the ledger, and
/// whether we are leaving. All members are thread-safe.
/// </summary>
internal sealed class EndpointCore : IDisposable
{
    private readonly Lock gate = new();
    private readonly HashSet<TaskSession> sessions = [];
    private readonly TaskCompletionSource empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lane[] lanes;
    private readonly LedgerPage? ledger;
    private volatile bool inService;
    private int open;
    private long finished;
    private volatile bool draining;

    public EndpointCore(LaunchLine launch, TaskTable tasks, IServiceProvider? services, LedgerPage? ledger, TimeProvider time, ILogger logger)
    {
        Launch = launch;
        Worker = launch.Worker;
        WorkerName = Worker.ToString();
        Tasks = tasks;
        Services = services;
        Time = time;
        Logger = logger;
        this.ledger = ledger;
        Queue = new LaneQueue(time, Math.Max(256L * 1024 * 1024, 2L * launch.MaxMessageBytes));
        lanes = [.. Enumerable.Range(0, launch.Concurrency).Select(index => new Lane(index, Queue, this))];
    }

    public LaunchLine Launch { get; }

    public WorkerId Worker { get; }

    public string WorkerName { get; }

    public TaskTable Tasks { get; }

    /// <summary>Null: the program has registered none.</summary>
    public IServiceProvider? Services { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public LaneQueue Queue { get; }

    /// <summary>It has a port, where streaming methods can be called.</summary>
    public bool HasPort { get; init; } = true;

    public IReadOnlyList<string> Capabilities => field ??=
    [
        Capability.Session,
        Capability.Chunks,
        Capability.Streams,
        .. HasPort ? [Capability.Calls] : Array.Empty<string>(),
        Capability.Control,
        .. ledger is null ? [] : new[] { Capability.Ledger },
    ];

    /// <summary>Null in every worker that is a process.</summary>
    public WorkerTap? Tap { get; init; }

    public int MaxMessageBytes => Launch.MaxMessageBytes;

    public bool IsDraining => draining;

    /// <summary>Tasks whose handler has returned, in the worker's life.</summary>
    public long FinishedTasks => Interlocked.Read(ref finished);

    /// <summary>Done when the worker drains and every session and every call has ended.</summary>
    public Task Empty => empty.Task;

    public void Start()
    {
        foreach (var lane in lanes)
        {
            lane.Start();
        }
    }

    /// <summary>What the lanes run just now.</summary>
    public IReadOnlyList<TaskRun> Running() => Queue.Running(lanes);

    /// <summary>Another lane in the place of one whose thread was left to its handler; to be started.</summary>
    public Lane Replace(Lane lane) => lanes[lane.Index] = new Lane(lane.Index, Queue, this);

    /// <summary>The warm-up is over. From here on every start and every end is marked in the ledger and counted.</summary>
    public void BeginService()
    {
        inService = true;
        Queue.Ledger = ledger;
    }

    /// <summary>Null: there is no such task.</summary>
    public TaskHandler? Find(string task) =>
        Tasks.Find(task) ?? (!inService && task == WarmUp.Handler.Name ? WarmUp.Handler : null);

    public void Finished(int lane)
    {
        if (inService)
        {
            ledger?.Finish(lane);
            Interlocked.Increment(ref finished);
        }
    }

    /// <summary>-1: the session gets no start marks, and its tasks are judged conservatively.</summary>
    public int OpenTrack(ulong sessionKey) => inService && ledger is not null ? ledger.OpenTrack(sessionKey) : -1;

    public void CloseTrack(int track) => ledger?.CloseTrack(track);

    /// <summary>Why no handler can be called for it; null: one can.</summary>
    public TaskFailure? Objection(TaskRun run)
    {
        if (run.Task.Length > ProtocolLimits.MaxNameLength)
        {
            return TaskFailures.BadInput(run, $"the task's name has {run.Task.Length} characters; the limit is {ProtocolLimits.MaxNameLength}");
        }

        if (run.HeaderBytes > ProtocolLimits.MaxHeaderBytes)
        {
            return TaskFailures.BadInput(run, $"the task's headers have {run.HeaderBytes} bytes; the limit is {ProtocolLimits.MaxHeaderBytes}");
        }

        if (run is { Output.TakesItems: true, SessionKey: not 0, Handler.YieldsItems: false })
        {
            return TaskFailures.BadInput(
                run, $"task \"{run.Task}\" returns one value and yields no items; call it with Submit, or let its handler return IAsyncEnumerable<T> or IEnumerable<T>");
        }

        return run.PayloadLength > (ulong)MaxMessageBytes
            ? TaskFailures.BadInput(
                run, $"the payload has {run.PayloadLength} bytes, more than the limit of {MaxMessageBytes} bytes (MaxMessageBytes of the pool's options)")
            : null;
    }

    /// <exception cref="Grpc.Core.RpcException">The worker is leaving, or the session's key is in use.</exception>
    public void Enter(TaskSession session)
    {
        lock (gate)
        {
            if (draining)
            {
                throw SessionRefusal.Draining(Worker);
            }

            // Two sessions under one key could not be told apart in the ledger.
            if (sessions.Any(other => other.Key == session.Key))
            {
                throw SessionRefusal.Broken("another open session has the same session_key");
            }

            open++;
            sessions.Add(session);
        }
    }

    /// <summary>Null: there is none with this key, or it has ended.</summary>
    public TaskSession? SessionOf(ulong key)
    {
        lock (gate)
        {
            return sessions.FirstOrDefault(session => session.Key == key);
        }
    }

    public void Leave(TaskSession session)
    {
        lock (gate)
        {
            sessions.Remove(session);
        }

        LeaveCall();
    }

    /// <summary>False: the worker is leaving and takes no new call.</summary>
    public bool EnterCall()
    {
        lock (gate)
        {
            if (draining)
            {
                return false;
            }

            open++;
            return true;
        }
    }

    public void LeaveCall()
    {
        bool last;
        lock (gate)
        {
            last = --open == 0 && draining;
        }

        if (last)
        {
            empty.TrySetResult();
        }
    }

    /// <summary>Takes nothing new, gives back what has not started and lets the rest finish. Idempotent.</summary>
    public void Drain()
    {
        TaskSession[] told;
        bool last;
        lock (gate)
        {
            if (draining)
            {
                return;
            }

            draining = true;
            told = [.. sessions];
            last = open == 0;
        }

        ledger?.Stage(LedgerStage.Draining);
        foreach (var session in told)
        {
            session.Drain();
        }

        foreach (var run in Queue.RemoveAll())
        {
            run.GiveBack();
        }

        if (last)
        {
            empty.TrySetResult();
        }
    }

    /// <summary>Asks every running handler to stop.</summary>
    public void CancelRunning()
    {
        foreach (var run in Running())
        {
            Queue.Cancel(run, StopCause.Caller);
        }
    }

    public void Dispose()
    {
        Queue.Stop();
        Queue.Dispose();
    }
}
