using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>
/// Owns the dispatcher: serialises its events behind one gate and carries its decisions out, outside the gate.
/// There is no thread of its own: whoever brings an event does the work, so a task submitted to an idle pool is on
/// the wire without changing threads. Inside the gate only fields are touched; sockets, futures, logs and users are
/// called after it. Thread-safe.
/// </summary>
internal sealed partial class DispatchLoop : IDisposable
{
    [ThreadStatic]
    private static List<DispatchAction>? cachedActions;

    private readonly Lock gate = new();
    private readonly Dispatcher dispatcher;
    private readonly DueTimes due;
    private readonly TimeProvider time;
    private readonly RetryOwner retries;
    private readonly IWorkerBackChannel? backChannel;
    private readonly ILogger logger;
    private readonly WaiterLine own = new();
    private readonly Queue<WaiterLine> lines = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DispatchLoop(DispatcherOptions options, TimeProvider time, RetryOwner retries, IWorkerBackChannel? backChannel, ILogger logger)
    {
        dispatcher = new Dispatcher(options with { TicksPerSecond = time.TimestampFrequency, Anchor = (time.GetTimestamp(), time.GetUtcNow()) });
        this.time = time;
        this.retries = retries;
        this.backChannel = backChannel;
        this.logger = logger;
        due = new DueTimes(time);
    }

    public long LateOutcomes
    {
        get
        {
            lock (gate)
            {
                return dispatcher.LateOutcomes;
            }
        }
    }

    public DispatchCounts Counts
    {
        get
        {
            lock (gate)
            {
                return dispatcher.Counts;
            }
        }
    }

    public (int Queued, int Unsettled, double RoundTripMicroseconds) Load
    {
        get
        {
            lock (gate)
            {
                return (dispatcher.Queued, dispatcher.Unsettled, dispatcher.RoundTrip);
            }
        }
    }

    /// <summary>A copy, oldest first.</summary>
    public List<QuarantinedTask> Quarantined
    {
        get
        {
            lock (gate)
            {
                return dispatcher.Quarantine.All();
            }
        }
    }

    public int QuarantinedCount
    {
        get
        {
            lock (gate)
            {
                return dispatcher.Quarantine.Count;
            }
        }
    }

    /// <summary>Of the open endpoints together.</summary>
    public int Lanes
    {
        get
        {
            lock (gate)
            {
                return dispatcher.OpenLanes;
            }
        }
    }

    // ---- tasks ----

    public bool Release(string id)
    {
        lock (gate)
        {
            return dispatcher.Quarantine.Release(id);
        }
    }

    /// <summary>Null: accepted.</summary>
    public TaskFailure? Submit(TaskEntry entry, bool held)
    {
        TaskFailure? refusal;
        List<DispatchAction> actions;
        lock (gate)
        {
            // Those who wait for a place were here first.
            refusal = SomebodyWaits(entry) && !held ? dispatcher.RefuseBehindWaiters(entry) : dispatcher.Submit(entry, Now, held);
            actions = TakeActions();
        }

        Carry(actions);
        return refusal;
    }

    /// <summary>Several at once: what came together leaves together.</summary>
    /// <param name="entries">In the order in which they are to be queued.</param>
    /// <param name="refuse">Told, when all was tried, of each that was not accepted, and why.</param>
    public void Submit(IReadOnlyList<TaskEntry> entries, Action<TaskEntry, TaskFailure> refuse)
    {
        List<(TaskEntry Entry, TaskFailure Why)>? refused = null;
        List<DispatchAction> actions;
        lock (gate)
        {
            var now = Now;
            for (var i = 0; i < entries.Count; i++)
            {
                if ((SomebodyWaits(entries[i]) ? dispatcher.RefuseBehindWaiters(entries[i]) : dispatcher.Submit(entries[i], now, hold: false)) is { } refusal)
                {
                    (refused ??= []).Add((entries[i], refusal));
                }
            }

            actions = TakeActions();
        }

        Carry(actions);
        foreach (var (entry, why) in refused ?? [])
        {
            refuse(entry, why);
        }
    }

    /// <summary>Waits for a place in the queue, first come first served. Null: accepted.</summary>
    public async ValueTask<TaskFailure?> SubmitAsync(TaskEntry entry, bool held, CancellationToken cancellationToken)
    {
        QueueWaiter? waiter = null;
        TaskFailure? refusal = null;
        List<DispatchAction> actions;
        lock (gate)
        {
            var isBehind = SomebodyWaits(entry);
            if (!isBehind)
            {
                refusal = dispatcher.Submit(entry, Now, held);
            }

            if (isBehind || (refusal is not null && dispatcher.WaitingHelps(entry, refusal)))
            {
                waiter = new QueueWaiter(entry, held);
                StandInLine(waiter);
            }

            actions = TakeActions();
        }

        Carry(actions);
        if (waiter is null)
        {
            return refusal;
        }

        using (cancellationToken.UnsafeRegister(static (w, token) => ((QueueWaiter)w!).Admitted.TrySetCanceled(token), waiter))
        {
            return await waiter.Admitted.Task.ConfigureAwait(false);
        }
    }

    public bool Cancel(TaskEntry entry)
    {
        bool heard;
        TaskFailure? refusal = null;
        List<DispatchAction> actions;
        lock (gate)
        {
            if (entry.Phase != TaskPhase.New)
            {
                heard = dispatcher.Cancel(entry, Now);
            }
            else if (WaiterOf(entry) is { Admitted.Task.IsCompleted: false } waiter)
            {
                // Others may have a future of it already, although it still waits for its place.
                refusal = Dispatcher.CancelledUnsent(entry);
                heard = waiter.Admitted.TrySetResult(refusal);
            }
            else
            {
                heard = false;
            }

            actions = TakeActions();
        }

        if (heard && refusal is not null && entry.Completion is { } told)
        {
            told.Complete(AttemptOutcome.Failed(refusal));
            told.Settle();
        }

        Carry(actions);
        return heard;
    }

    public void StopAttempt(TaskEntry entry) => Do(d => d.StopAttempt(entry, Now));

    public bool Resubmit(TaskEntry entry)
    {
        bool granted;
        List<DispatchAction> actions;
        lock (gate)
        {
            granted = dispatcher.Resubmit(entry, Now);
            actions = TakeActions();
        }

        Carry(actions);
        return granted;
    }

    public void GiveUp(TaskEntry entry, AttemptOutcome outcome) => Do(d => d.GiveUp(entry, outcome));

    /// <summary>The task's phase, whether it is in a lane as far as can be told, and its attempts so far.</summary>
    public (TaskPhase Phase, bool Running, IReadOnlyList<TaskAttempt> Attempts) Inspect(TaskEntry entry)
    {
        lock (gate)
        {
            // Lanes take tasks in the order they were sent.
            var running = entry is { Phase: TaskPhase.Sent, Written: true, Endpoint: { } endpoint }
                && endpoint.InLaneOrder().Take(endpoint.Concurrency).Contains(entry);
            return (entry.Phase, running, dispatcher.HistoryOf(entry));
        }
    }

    /// <summary>Ids of the tasks that run on a worker, for its supervisor.</summary>
    public WorkerLoad LoadOf(WorkerId worker, string idPrefix)
    {
        lock (gate)
        {
            foreach (var endpoint in dispatcher.Endpoints)
            {
                if (endpoint.Worker.Id == worker)
                {
                    var running = endpoint.InFlight.InOrder().Where(static e => e.Written).Take(endpoint.Concurrency);
                    return new WorkerLoad([.. running.Select(e => e.IdWith(idPrefix))], endpoint.Finished, TimeSpan.Zero)
                    {
                        RunningBy = evidence => RunningBy(evidence, endpoint, idPrefix),
                    };
                }
            }

            return WorkerLoad.None;
        }
    }

    private ImmutableArray<string> RunningBy(LedgerEvidence evidence, EndpointState endpoint, string idPrefix)
    {
        lock (gate)
        {
            var running = endpoint.InFlight.InOrder().Where(e => e.Written && evidence.Judge(endpoint.LedgerKeyOf(e), e.Sequence) is StartVerdict.Running or StartVerdict.Unknown).Take(endpoint.Concurrency);
            return [.. running.Select(e => e.IdWith(idPrefix))];
        }
    }

    /// <summary>The consumer of a stream has room for so many more items and bytes.</summary>
    public void Grant(TaskEntry entry, int items, long bytes) => Do(d => d.Grant(entry, items, bytes));

    // ---- endpoints ----

    public void EndpointOpened(EndpointState endpoint) => Do(d => d.EndpointOpened(endpoint, Now));

    public void Draining(EndpointState endpoint) => Do(d => d.EndpointDraining(endpoint));

    public void Draining(WorkerId worker) => DoFor(worker, static (d, endpoint, _) => d.WorkerLeaves(endpoint));

    public void Serves(WorkerId worker) => DoFor(worker, static (d, endpoint, now) => d.EndpointServes(endpoint, now));

    public void SessionEnded(EndpointState endpoint, string reason) => Do(d => d.SessionEnded(endpoint, reason, Now));

    public void WorkerDied(WorkerDeath death) => Do(d => d.WorkerDied(death, Now));

    public void SourceEnded() => Do(d => d.SourceEnded(Now));

    public void OutlookChanged(WorkerOutlook outlook) => Do(d => d.OutlookChanged(outlook));

    public bool TakeFrame(EndpointState endpoint, int maxBytes, FrameContent frame, out long now)
    {
        now = Now;
        bool taken;
        lock (gate)
        {
            taken = dispatcher.TakeFrame(endpoint, maxBytes, frame, now);
        }

        foreach (var entry in frame.Tasks)
        {
            if (!entry.Carried)
            {
                entry.Trace?.Written(entry, endpoint);
            }
        }

        return taken;
    }

    /// <summary>A frame of outcomes.</summary>
    public void Received(EndpointState endpoint, IncomingFrame frame)
    {
        List<DispatchAction> actions;
        lock (gate)
        {
            var now = Now;
            if (frame.News.Count > 0)
            {
                Heard(endpoint, frame.News);
            }

            foreach (var outcome in frame.Outcomes)
            {
                if (outcome.Recalled)
                {
                    dispatcher.Recalled(endpoint, outcome.Sequence, now);
                }
                else
                {
                    dispatcher.Outcome(endpoint, outcome.Sequence, outcome.Attempt, outcome.ServiceMicroseconds, now);
                }
            }

            if (endpoint.Host is not null && frame.Outcomes.Count > 0)
            {
                dispatcher.Seen(endpoint, frame.Outcomes.Sum(static o => (long)o.Attempt.Data.Length));
            }

            if (frame.Draining)
            {
                dispatcher.EndpointDraining(endpoint);
            }

            dispatcher.Dispatch(now);
            actions = TakeActions();
        }

        // Before the outcomes: who hears of the end has all that was said before it.
        if (frame.News.Count > 0)
        {
            Tell(endpoint, frame.News);
        }

        Carry(actions);
    }

    /// <summary>The outcome of a unary call.</summary>
    public void Received(EndpointState endpoint, ulong sequence, AttemptOutcome outcome) => Do(d =>
    {
        var now = Now;
        d.Outcome(endpoint, sequence, outcome, -1, now);
        d.Dispatch(now);
    });

    // ---- the end ----

    public void BeginStop() => Do(static d => d.BeginStop());

    public void CancelWaiting() => Do(d => d.CancelWaiting(Now));

    public void CancelAll() => Do(d => d.CancelAll(Now));

    /// <summary>Completes when every accepted task has ended and nothing of any runs; only after <see cref="BeginStop"/>.</summary>
    public Task Drained => drained.Task;

    public void Dispose() => due.Dispose();

    public TimeSpan? TimeLeft(TaskEntry entry, long now) => entry.Deadline == long.MaxValue
        ? null
        : TimeSpan.FromTicks(Math.Max(1, (long)((entry.Deadline - now) * ((double)TimeSpan.TicksPerSecond / time.TimestampFrequency))));

    /// <summary>What is left of its time limit; 0: it has none.</summary>
    public ulong MicrosecondsLeft(TaskEntry entry) => TimeLeft(entry, Now) is { } left ? Math.Max(1, (ulong)left.TotalMicroseconds) : 0;

    private long Now => time.GetTimestamp();

    private void Do(Action<Dispatcher> what)
    {
        List<DispatchAction> actions;
        lock (gate)
        {
            what(dispatcher);
            actions = TakeActions();
        }

        Carry(actions);
    }

    private void DoFor(WorkerId worker, Action<Dispatcher, EndpointState, long> what) => Do(d =>
    {
        foreach (var endpoint in d.Endpoints)
        {
            if (endpoint.Worker.Id == worker)
            {
                what(d, endpoint, Now);
            }
        }
    });

    /// <summary>What a timer brings. Its thread has no caller who could be told of a defect.</summary>
    private void OnTime(Action<Dispatcher> what)
    {
        try
        {
            Do(what);
        }
        catch (Exception e)
        {
            Broke(e, "a timer");
        }
    }
}
