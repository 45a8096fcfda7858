using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>Where a task stands in this worker. Guarded by the lane queue's lock.</summary>
internal enum RunState : byte
{
    Created,
    Queued,
    Running,

    /// <summary>Taken out of the queue before it started.</summary>
    Removed,
    Done,
}

/// <summary>Why a running task's token was cancelled; the first cause stays.</summary>
internal enum StopCause : byte
{
    None,
    Caller,
    TimeLimit,
}

/// <summary>How a task ended in this worker.</summary>
internal readonly struct TaskEnd
{
    public ByteString Data { get; init; }

    public string ContentType { get; init; }

    /// <summary>What a gRPC method says beside its response or failure; null: nothing.</summary>
    public MethodAnswer? Answer { get; init; }

    public TaskFailure? Failure { get; init; }

    public bool Recalled { get; init; }

    public ulong ServiceMicroseconds { get; init; }

    public static TaskEnd FailedWith(TaskFailure failure, ulong serviceMicroseconds = 0, MethodAnswer? answer = null) => new()
    {
        Data = ByteString.Empty,
        ContentType = "",
        Failure = failure,
        Answer = answer,
        ServiceMicroseconds = serviceMicroseconds,
    };

    public static TaskEnd GivenBack { get; } = new() { Data = ByteString.Empty, ContentType = "", Recalled = true };
}

/// <summary>
/// One task in this worker, from its arrival to its end. It is the handler's <see cref="TaskContext"/> as well: one
/// object per task, because at hundreds of thousands of tasks a second every further one shows.
/// </summary>
internal abstract class TaskRun(EndpointCore core, TaskHandler? handler, long deadline) : TaskContext
{
    private Lane? lane;
    private IServiceScope? scope;

    /// <summary>Null for a name that nobody mapped; such a run is never queued.</summary>
    public TaskHandler? Handler { get; } = handler;

    /// <summary>A timestamp of the core's clock; 0: no time limit.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>Neighbours in the lane queue.</summary>
    public TaskRun? Next { get; set; }

    public TaskRun? Previous { get; set; }

    public RunState State { get; set; }

    public StopCause Cause { get; set; }

    public long StartedAt { get; private set; }

    /// <summary>Set by the handler of a gRPC method before it ends; null: it has nothing to say beside its response or failure.</summary>
    public MethodAnswer? Answer { get; set; }

    /// <summary>Where what it says before its end goes; null: nobody asked for that.</summary>
    public TaskOutput? Output { get; set; }

    public int MaxResultBytes => core.MaxMessageBytes;

    /// <summary>Where it runs; null before its start.</summary>
    public Lane? Lane => lane;

    public abstract ByteString Payload { get; }

    /// <summary>As long as the sender says; of one that is too long for this worker there is no <see cref="Payload"/>.</summary>
    public virtual ulong PayloadLength => (ulong)Payload.Length;

    public abstract string ContentType { get; }

    public abstract long HeaderBytes { get; }

    /// <summary>The id that its client has chosen; empty: one was made up for it.</summary>
    public virtual string GivenId => "";

    // What a pool heeds, and a worker does not.
    public virtual int Priority => 0;

    public virtual bool IsIdempotent => false;

    /// <summary>0: as the pool says.</summary>
    public virtual int MaxAttempts => 0;

    public virtual string AffinityKey => "";

    /// <summary>0 for a unary call.</summary>
    public abstract ulong SessionKey { get; }

    public abstract ulong Sequence { get; }

    /// <summary>The ledger's track of the session; -1: none.</summary>
    public abstract int Track { get; }

    public override WorkerId Worker => core.Worker;

    public int MaxMessageBytes => core.MaxMessageBytes;

    /// <summary>When its time limit passes, by the wall clock as it is now; the largest time where it has none.</summary>
    public DateTime DeadlineByTheClock => TimeRemaining is { } left ? core.Time.GetUtcNow().UtcDateTime + left : DateTime.MaxValue;

    public override CancellationToken CancellationToken => lane?.Token ?? default;

    public override TimeSpan? TimeRemaining
    {
        get
        {
            if (Deadline == 0)
            {
                return null;
            }

            var left = core.Time.GetElapsedTime(core.Time.GetTimestamp(), Deadline);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public override IServiceProvider Services => (scope ??= (core.Services
        ?? throw new InvalidOperationException("the worker has no services; register some in WorkerApplication.Services")).CreateScope()).ServiceProvider;

    public override void Report(double fraction, string? message = null) => Output?.Report(fraction, message);

    /// <summary>An item of a task whose caller takes them one by one.</summary>
    /// <exception cref="ItemTooLargeException">It is larger than a result may be.</exception>
    public void Yield(ByteString item, string contentType)
    {
        if (item.Length > core.MaxMessageBytes)
        {
            throw new ItemTooLargeException(item.Length);
        }

        Output!.Add(item, contentType);
    }

    public bool HasScope => scope is not null;

    public EndpointCore Core => core;

    /// <summary>What a pool that runs it in some worker knows it by; null in a worker.</summary>
    public object? Elsewhere { get; set; }

    /// <summary>Called by the lane queue, under its lock.</summary>
    public void Start(Lane on, long now)
    {
        State = RunState.Running;
        StartedAt = now;
        lane = on;
    }

    public void DisposeScope()
    {
        var used = scope;
        scope = null;
        if (used is IAsyncDisposable disposable)
        {
            disposable.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        else
        {
            used?.Dispose();
        }
    }

    /// <summary>Just before the handler is called.</summary>
    public virtual void Began()
    {
    }

    /// <summary>Hands the end to whoever submitted the task. Called once, by any thread, outside of all locks.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="hurry">Nothing else waits for this thread, so it may carry the answer all the way to the socket.</param>
    public abstract void Complete(in TaskEnd end, bool hurry);

    /// <summary>Tells the submitter that the worker is leaving and the task has not started.</summary>
    public abstract void GiveBack();
}
