using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;
using WorkerHost.Client;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>A pool behind a task endpoint: what a client submits becomes a task of the pool, which queues it and tries it again. Thread-safe.</summary>
internal sealed class PoolCore(HostedPool hosted, string hostInstance, TimeSpan abandonedAfter, BufferBudget budget, TimeProvider time, ILogger logger) : EndpointCore(time, logger)
{
    // A client that takes more than its lanes can do at once keeps batches full; what waits beyond that waits in the queue of the client.
    private const int AheadPerLane = 64;

    private static readonly string[] Can = [Capability.Session, Capability.Chunks, Capability.Streams, Capability.Attach];

    private readonly ConcurrentDictionary<string, HostedClient> clients = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<object, CallerShare> shares = [];
    private List<TaskEntry>? spare;
    private readonly KeptOutcomes kept = new(hosted.Pool.KeptOutcomes, time);

    public WorkerPool Tasks => hosted.Pool;

    public override string Pool => hosted.Name;

    public override WorkerId Worker { get; } = new(hosted.Name, 0, 0);

    public override string WorkerName => "";

    public override string Called { get; } = $"pool {hosted.Name}";

    public override string HostInstance => hostInstance;

    public override IReadOnlyList<string> Capabilities => Can;

    /// <summary>Of the workers that are wanted: a client is told once, and it may come before them.</summary>
    public override int Concurrency => Math.Max(1, Math.Max(hosted.Pool.Lanes, (hosted.Pool.Source as Supervisor)?.LanesWanted ?? 0));

    public override uint Credit => (uint)(Concurrency * (1 + AheadPerLane));

    public override int MaxMessageBytes => hosted.Pool.MaxMessageBytes;

    public override int Waiting => hosted.Pool.QueuedTasks;

    /// <summary>There is nobody else to run it: only who asks gets back what has not begun.</summary>
    public override bool GivesBack => false;

    /// <summary>Clients that are there or may come back for something.</summary>
    public int Clients => clients.Count;

    public override TimeSpan AbandonedAfter => abandonedAfter;

    public override IEnumerable<TaskDescription> Describe() => hosted.Pool.Described;

    public override TaskHandler? Find(string task) => null;

    public override V1.TaskFailure? Objection(TaskRun run) =>
        run.Priority is < (int)TaskPriority.Lowest or > (int)TaskPriority.Highest
            ? TaskFailures.BadInput(run, $"the task's priority is {run.Priority}; it is one of {(int)TaskPriority.Lowest} to {(int)TaskPriority.Highest}")
        : run.AffinityKey.Length > ProtocolLimits.MaxNameLength
            ? TaskFailures.BadInput(run, $"the task's affinity key has {run.AffinityKey.Length} characters; the limit is {ProtocolLimits.MaxNameLength}")
        : base.Objection(run);

    public override void Enqueue(Span<TaskRun?> runs)
    {
        // Whatever is told meanwhile to clients may come back here on this thread.
        var together = Interlocked.Exchange(ref spare, null) ?? [];
        foreach (ref var run in runs)
        {
            if (run is not null)
            {
                if (Prepare(run) is { } entry)
                {
                    together.Add(entry);
                }

                run = null;
            }
        }

        hosted.Pool.SubmitFor(together);
        together.Clear();
        spare = together;
    }

    public override bool TryRemove(TaskRun run) => run.Elsewhere is HostedTask task && task.TryGiveBack(run);

    public override bool Cancel(TaskRun run, StopCause cause)
    {
        (run.Elsewhere as HostedTask)?.Cancel(cause);
        return false;
    }

    public override async ValueTask<object?> OpenedAsync(TaskSession session)
    {
        session.Peer = session.Call is { } call ? budget.Behind(call) : null;
        if (session.IdPrefix.Length == 0)
        {
            // It has no name under which it could come back.
            return null;
        }

        while (true)
        {
            var client = clients.GetOrAdd(session.IdPrefix, static (prefix, core) => new HostedClient(core, prefix), this);
            if (client.Enter(session) is { } opened)
            {
                await opened.BreakBeforeAsync().ConfigureAwait(false);
                return opened;
            }

            // It was forgotten in between.
            clients.TryRemove(KeyValuePair.Create(client.Prefix, client));
        }
    }

    public override void Closed(TaskSession session, bool clean) => (session.Client as HostedSession)?.Client.Leave(session, clean);

    public override void Seen(object seen) => ((HostedTask)seen).Forget(wasSeen: true);

    public override void Unkept(object kept) => ((HostedTask)kept).Forget(wasSeen: false);

    public override ValueTask RoomForPiecesAsync(TaskSession session, long bytes, CancellationToken cancellationToken) =>
        session.Peer is BufferBudget.Holder holder ? budget.TakeAsync(holder, bytes, cancellationToken) : default;

    public override void PieceCame(TaskSession session) => (session.Peer as BufferBudget.Holder)?.Moved();

    public override void PiecesGone(TaskSession session, long bytes)
    {
        if (session.Peer is BufferBudget.Holder holder)
        {
            budget.Give(holder, bytes);
        }
    }

    public override void Abandon(SessionTask task)
    {
        if (task.Session.Client is null)
        {
            Cancel(task, StopCause.Caller);
        }
        else
        {
            (task.Elsewhere as HostedTask)?.Detach(task.Session, forGood: false);
        }
    }

    /// <summary>It has ended, and nobody was there to be told.</summary>
    public void Keep(HostedTask task, int resultBytes) => kept.Add(task, resultBytes);

    public void ForgetIfGone(HostedClient client)
    {
        if (client.TryEnd())
        {
            clients.TryRemove(KeyValuePair.Create(client.Prefix, client));
        }
    }

    /// <summary>Who has no name under which it could come back has a share for each session and each connection; over HTTP/1.1 for each address.</summary>
    public CallerShare? ShareOf(TaskRun run) => run switch
    {
        SessionTask task => ShareOf(task.Session),
        UnaryTask { Call: { } call } => ShareOf(call),
        _ => null,
    };

    /// <summary>The same of a call that is no task.</summary>
    public CallerShare? ShareOf(HttpContext call) => ShareOf(call.Features.Get<HttpCallers.Caller>() ?? (object?)call.Features.Get<IConnectionItemsFeature>()?.Items);

    private CallerShare? ShareOf(object? caller) => caller is null ? null : shares.GetValue(caller, static _ => new CallerShare());

    private TaskEntry? Prepare(TaskRun run) => run is SessionTask { Session.Client: HostedSession session } task
        ? session.Prepare(task)
        : new HostedTask(this, run, client: null).Prepare(run);

    public override (string Worker, int Attempt) Whereabouts(TaskRun run) => (run.Elsewhere as HostedTask)?.Whereabouts ?? ("", 1);
}
