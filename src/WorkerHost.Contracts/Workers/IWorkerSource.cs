using System.Collections.Immutable;
using System.Threading.Channels;

namespace WorkerHost;

/// <summary>Where a pool learns of its workers: a supervisor, or a list of addresses.</summary>
internal interface IWorkerSource
{
    /// <summary>
    /// The current set first, then every later one in order; completes when the source has stopped. Thread-safe.
    /// </summary>
    ChannelReader<WorkerSet> Subscribe();

    /// <summary>The way back, or null where there is none: then a stop cannot be forced and a death is not observed.</summary>
    IWorkerBackChannel? BackChannel { get; }
}

/// <summary>
/// What a pool may ask of the supervisor, fenced by incarnation: a request for an incarnation that is no longer
/// there does nothing. Thread-safe; never blocks.
/// </summary>
internal interface IWorkerBackChannel
{
    /// <summary>SIGTERM now, SIGKILL to the process group after <paramref name="grace"/>. The death is reported as ordered.</summary>
    void Kill(WorkerId worker, string reason, TimeSpan grace);

    /// <summary>
    /// The worker is ready by its own account, but no session can be opened with it. It is killed, and its boot counts as
    /// failed: whatever starts in its place will hardly do better.
    /// </summary>
    void Reject(WorkerId worker, string reason);

    /// <summary>The pool has a session with the worker. By default nobody wants to know.</summary>
    void Connected(WorkerId worker)
    {
    }

    /// <summary>The worker will be recycled soon: a replacement may be started already.</summary>
    void PrepareReplacement(WorkerId worker);

    /// <summary>Replaces the worker: no new tasks, drain, then leave. Not counted as a crash.</summary>
    void Recycle(WorkerId worker, string reason);

    /// <summary>
    /// Tells the supervisor how to ask for a worker's load. It calls <paramref name="load"/> from any thread, at a
    /// death and for its figures; the call must not block.
    /// </summary>
    void ReportLoad(Func<WorkerId, WorkerLoad> load);
}

/// <summary>What a pool knows of one worker's work.</summary>
/// <param name="RunningTasks">Ids of the tasks that are running there.</param>
/// <param name="Finished">Outcomes received from it.</param>
/// <param name="OldestWait">How long the oldest task in the pool's queue has waited.</param>
internal sealed record WorkerLoad(ImmutableArray<string> RunningTasks, long Finished, TimeSpan OldestWait)
{
    /// <summary>
    /// Given the ledger of the worker when it is dead: the ids of the tasks that were running. What had been sent and not begun was not, and neither
    /// was what had ended and whose result was on its way. Thread-safe; null: <see cref="RunningTasks"/> is all that is known.
    /// </summary>
    public Func<LedgerEvidence, ImmutableArray<string>>? RunningBy { get; init; }

    public static WorkerLoad None { get; } = new([], 0, TimeSpan.Zero);
}
