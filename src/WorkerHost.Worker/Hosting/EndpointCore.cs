using Grpc.Core;
using Microsoft.Extensions.Logging;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// What stands behind a task endpoint, and what its sessions and calls share: where tasks go (the lanes of a worker, or the pool of a
/// host), who we are, and whether we are leaving. All members are thread-safe.
/// </summary>
internal abstract class EndpointCore(TimeProvider time, ILogger logger)
{
    private readonly Lock gate = new();
    private readonly HashSet<TaskSession> sessions = [];
    private readonly TaskCompletionSource empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int open;
    private volatile bool draining;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    /// <summary>The pool that it is, or that the worker belongs to.</summary>
    public abstract string Pool { get; }

    /// <summary>What handlers are told of where they run.</summary>
    public abstract WorkerId Worker { get; }

    /// <summary>"pool/slot#incarnation"; empty at a host.</summary>
    public abstract string WorkerName { get; }

    /// <summary>What messages call it: "worker pool/slot#incarnation", "pool images".</summary>
    public abstract string Called { get; }

    public abstract string HostInstance { get; }

    public abstract IReadOnlyList<string> Capabilities { get; }

    /// <summary>How many tasks run at the same time.</summary>
    public abstract int Concurrency { get; }

    /// <summary>How many tasks it is ready to hold, started or not.</summary>
    public abstract uint Credit { get; }

    public abstract int MaxMessageBytes { get; }

    /// <summary>Null: the program has registered none.</summary>
    public virtual IServiceProvider? Services => null;

    /// <summary>Tasks that wait; a snapshot.</summary>
    public abstract int Waiting { get; }

    public bool IsDraining => draining;

    /// <summary>What waits is given back when it drains, because there are others to run it.</summary>
    public virtual bool GivesBack => true;

    /// <summary>Done when it drains and every session and every call has ended.</summary>
    public Task Empty => empty.Task;

    public abstract IEnumerable<TaskDescription> Describe();

    /// <summary>Null: there is no such task, or its handler is elsewhere.</summary>
    public abstract TaskHandler? Find(string task);

    /// <summary>Takes the runs that are not null, in order. What finds no room is left in the array, the rest is set to null.</summary>
    public abstract void Enqueue(Span<TaskRun?> runs);

    /// <summary>Takes a run out if it has not started; whoever does has to say so.</summary>
    public abstract bool TryRemove(TaskRun run);

    /// <summary>Takes the run out (true: whoever does has to say so), or asks its handler to stop (false).</summary>
    public abstract bool Cancel(TaskRun run, StopCause cause);

    /// <summary>Where it ran, and which attempt that was.</summary>
    public virtual (string Worker, int Attempt) Whereabouts(TaskRun run) => (WorkerName, run.Attempt);

    /// <summary>-1: the session gets no start marks, and its tasks are judged conservatively.</summary>
    public virtual int OpenTrack(ulong sessionKey) => -1;

    public virtual void CloseTrack(int track)
    {
    }

    /// <summary>How long a task goes on whose client is gone; zero: it is stopped at once.</summary>
    public virtual TimeSpan AbandonedAfter => TimeSpan.Zero;

    /// <summary>A session has begun, and nothing of it was read but its hello. What is known of its client; null: nothing, and nothing is kept for it.</summary>
    public virtual ValueTask<object?> OpenedAsync(TaskSession session) => default;

    /// <summary>A session has ended.</summary>
    /// <param name="session">Which.</param>
    /// <param name="clean">Its client has had everything, and said so.</param>
    public virtual void Closed(TaskSession session, bool clean)
    {
    }

    /// <summary>Returns when so many bytes may be kept of payloads that a session sends in pieces. A worker has but one peer, and trusts it.</summary>
    public virtual ValueTask RoomForPiecesAsync(TaskSession session, long bytes, CancellationToken cancellationToken) => default;

    /// <summary>Such a session gets on.</summary>
    public virtual void PieceCame(TaskSession session)
    {
    }

    /// <summary>They are tasks now, or will not come.</summary>
    public virtual void PiecesGone(TaskSession session, long bytes)
    {
    }

    /// <summary>The client has seen the outcome of what is kept.</summary>
    public virtual void Seen(object kept)
    {
    }

    /// <summary>There is no room to keep it until the client says that it has seen it.</summary>
    public virtual void Unkept(object kept)
    {
    }

    /// <summary>The session of the task has ended before it. Most often nobody else wants it: it is stopped, and its outcome dropped.</summary>
    public virtual void Abandon(SessionTask task) => Cancel(task, StopCause.Caller);

    /// <summary>Why no handler can be called for it; null: one can.</summary>
    public virtual TaskFailure? Objection(TaskRun run)
    {
        if (run.Task.Length > ProtocolLimits.MaxNameLength)
        {
            return TaskFailures.BadInput(run, $"the task's name has {run.Task.Length} characters; the limit is {ProtocolLimits.MaxNameLength}");
        }

        if (run.HeaderBytes > ProtocolLimits.MaxHeaderBytes)
        {
            return TaskFailures.BadInput(run, $"the task's headers have {run.HeaderBytes} bytes; the limit is {ProtocolLimits.MaxHeaderBytes}");
        }

        return run.PayloadLength > (ulong)MaxMessageBytes
            ? TaskFailures.BadInput(
                run, $"the payload has {run.PayloadLength} bytes, more than the limit of {MaxMessageBytes} bytes (MaxMessageBytes of the pool's options)")
            : null;
    }

    /// <exception cref="RpcException">It is leaving, or the session's key is in use.</exception>
    public void Enter(TaskSession session)
    {
        lock (gate)
        {
            if (draining)
            {
                throw SessionRefusal.Draining(this);
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

    /// <summary>False: it is leaving and takes no new call.</summary>
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

    /// <summary>Takes nothing new and lets finish what it has; a worker gives back what has not started. Idempotent.</summary>
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

        DrainBegins();
        foreach (var session in told)
        {
            session.Drain();
        }

        GiveBackWaiting();
        if (last)
        {
            empty.TrySetResult();
        }
    }

    protected virtual void DrainBegins()
    {
    }

    /// <summary>Calls that came by themselves and have not started.</summary>
    protected virtual void GiveBackWaiting()
    {
    }
}
