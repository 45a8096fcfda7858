using Grpc.Core;
using Microsoft.Extensions.Logging;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A worker behind its endpoint: the tasks it has handlers for, the queue and its lanes, the ledger.</summary>
internal sealed class WorkerCore : EndpointCore, IDisposable
{
    private readonly Lane[] lanes;
    private readonly LedgerPage? ledger;
    private volatile bool inService;
    private long finished;

    public WorkerCore(LaunchLine launch, TaskTable tasks, IServiceProvider? services, LedgerPage? ledger, TimeProvider time, ILogger logger)
        : base(time, logger)
    {
        Launch = launch;
        Worker = launch.Worker;
        WorkerName = Worker.ToString();
        Called = $"worker {WorkerName}";
        Tasks = tasks;
        Services = services;
        this.ledger = ledger;
        Queue = new LaneQueue(time, Math.Max(256L * 1024 * 1024, 2L * launch.MaxMessageBytes));
        lanes = [.. Enumerable.Range(0, launch.Concurrency).Select(index => new Lane(index, Queue, this))];
    }

    public LaunchLine Launch { get; }

    public override string Pool => Launch.Pool;

    public override WorkerId Worker { get; }

    public override string WorkerName { get; }

    public override string Called { get; }

    public override string HostInstance => Launch.HostInstance;

    public override int Concurrency => Launch.Concurrency;

    public override uint Credit => LaneQueue.MaxTasks;

    public override int MaxMessageBytes => Launch.MaxMessageBytes;

    public override IServiceProvider? Services { get; }

    public override int Waiting => Queue.Waiting;

    public TaskTable Tasks { get; }

    public LaneQueue Queue { get; }

    /// <summary>It has a port, where streaming methods can be called.</summary>
    public bool HasPort { get; init; } = true;

    public override IReadOnlyList<string> Capabilities => field ??=
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

    /// <summary>Tasks whose handler has returned, in the worker's life.</summary>
    public long FinishedTasks => Interlocked.Read(ref finished);

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

    /// <summary>It itself, for whoever names its pool or none.</summary>
    /// <exception cref="RpcException">NOT_FOUND: another pool was named.</exception>
    public EndpointCore Named(string pool) => pool.Length == 0 || pool == Pool
        ? this
        : throw new RpcException(new Status(StatusCode.NotFound, $"no pool \"{BoundedText.Cut(pool, 200)}\" here; {Called} belongs to \"{Pool}\""));

    public override IEnumerable<TaskDescription> Describe() => Tasks.Describe();

    public override TaskHandler? Find(string task) =>
        Tasks.Find(task) ?? (!inService && task == WarmUp.Handler.Name ? WarmUp.Handler : null);

    public override void Enqueue(Span<TaskRun?> runs) => Queue.Enqueue(runs);

    public override bool TryRemove(TaskRun run) => Queue.TryRemove(run);

    public override bool Cancel(TaskRun run, StopCause cause) => Queue.Cancel(run, cause);

    public void Finished(int lane)
    {
        if (inService)
        {
            ledger?.Finish(lane);
            Interlocked.Increment(ref finished);
        }
    }

    public override int OpenTrack(ulong sessionKey) => inService && ledger is not null ? ledger.OpenTrack(sessionKey) : -1;

    public override void CloseTrack(int track) => ledger?.CloseTrack(track);

    public override TaskFailure? Objection(TaskRun run) =>
        run.Handler is null ? TaskFailures.UnknownTask(run, Tasks.Names)
        : base.Objection(run)
        ?? (run is { Output.TakesItems: true, SessionKey: not 0, Handler.YieldsItems: false }
            ? TaskFailures.BadInput(
                run, $"task \"{run.Task}\" returns one value and yields no items; call it with Submit, or let its handler return IAsyncEnumerable<T> or IEnumerable<T>")
            : null);

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

    protected override void DrainBegins() => ledger?.Stage(LedgerStage.Draining);

    protected override void GiveBackWaiting()
    {
        foreach (var run in Queue.RemoveAll())
        {
            run.GiveBack();
        }
    }
}
