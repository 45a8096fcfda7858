namespace WorkerHost.Client;

/// <summary>
/// Decides what happens to every task: a pure state machine. Events come in as method calls, decisions go out as
/// <see cref="DispatchAction"/>s; there is no clock, socket, thread or await in here, and no user code is called.
/// The caller serialises the calls (the pool's gate) and carries the actions out in order, outside the gate.
/// An event that cannot happen in the task's phase throws with its story.
/// </summary>
/// <remarks>
/// One general rule carries the dispatch: an endpoint gets a task when a lane is free, or when the work it already
/// holds is expected to last less than a round trip. So a lane never waits for the wire, and no task waits behind a
/// long one while another worker is idle.
/// </remarks>
internal sealed partial class Dispatcher(DispatcherOptions options)
{
    private readonly TurnQueue queue = new();
    private readonly Quarantine quarantine = new();

    /// <summary>In nobody's queue: an attempt failed, or a held task's first has not begun.</summary>
    private readonly HashSet<TaskEntry> retrying = [];
    private readonly List<EndpointState> endpoints = [];
    private readonly Dictionary<string, ServiceTime> serviceTimes = new(StringComparer.Ordinal);
    private List<DispatchAction> actions = [];
    private DispatchCounts counts;
    private WorkerOutlook outlook = WorkerOutlook.Hopeful;
    private bool sourceEnded;

    /// <summary>Held tasks whose first attempt has not begun: they have their places in the queue without being in it.</summary>
    private int held;
    private long heldBytes;

    /// <summary>Accepted tasks of which something may still run or wait.</summary>
    public int Unsettled { get; private set; }

    public DispatchCounts Counts => counts;

    public int Queued => queue.Count + suspects.Count;

    public Quarantine Quarantine => quarantine;

    public long LateOutcomes { get; private set; }

    public bool Stopping { get; private set; }

    /// <summary>Nothing is sent any more that has not been sent yet.</summary>
    public bool CancelsWaiting { get; private set; }

    /// <summary>A round trip without its handler's time, in microseconds: moving average of tasks sent to an idle endpoint.</summary>
    public double RoundTrip { get; private set; } = 200;

    public IReadOnlyList<EndpointState> Endpoints => endpoints;

    /// <summary>Takes the decisions made so far; the emptied <paramref name="replacement"/> is used for the next ones.</summary>
    public List<DispatchAction> TakeActions(List<DispatchAction> replacement)
    {
        var taken = actions;
        actions = replacement;
        return taken;
    }

    // ---- tasks ----

    /// <summary>A new task. Null: accepted. Otherwise why not; the entry is then not known here.</summary>
    /// <param name="entry">The task.</param>
    /// <param name="now">The monotonic clock.</param>
    /// <param name="hold">Accept it, but let its owner say with <see cref="Resubmit"/> when its first attempt begins.</param>
    public TaskFailure? Submit(TaskEntry entry, long now, bool hold = false)
    {
        Expect(entry, TaskPhase.New, nameof(Submit));
        if (Stopping)
        {
            return new TaskFailure { Kind = TaskFailureKind.Rejected, NeverStarted = true, PoolIsStopping = true, Message = "the pool is stopping and takes no new tasks" };
        }

        if (entry.OwnId is { } id && quarantine.Find(id) is { } poison)
        {
            return poison.Refusal(options.Names);
        }

        if (IsHopeless)
        {
            return NoWorkers();
        }

        entry.Share?.Join(queue);
        if (entry.Bytes > options.QueueBytes || (!LaneIsFree() && HasNoPlaceFor(entry)))
        {
            return NoPlaceFor(entry);
        }

        var left = TimeLeftAtSubmission(entry, now);
        if (left is { } within && WouldBeTooLate(entry, within) is { } refusal)
        {
            return refusal;
        }

        if (!serviceTimes.TryGetValue(entry.Task, out entry.Service))
        {
            // Names come from callers: a caller who makes them up must not fill the memory.
            entry.Service = new ServiceTime(entry.Task);
            if (serviceTimes.Count < 4096)
            {
                serviceTimes.Add(entry.Task, entry.Service);
            }
        }

        Unsettled++;
        counts.Submitted++;
        if (hold)
        {
            entry.Phase = TaskPhase.Retrying;
            entry.HasPipeline = true;
            entry.MayRetry = true;
            entry.Attempt = 0;
            retrying.Add(entry);
            held++;
            heldBytes += entry.Bytes;
            entry.Share?.Took(entry.Bytes);
        }
        else
        {
            entry.Phase = TaskPhase.Queued;
            queue.PushBack(entry);
        }

        if (left is { } limit)
        {
            // The longest limits are none: they do not fit into the clock's ticks.
            var ticks = limit.TotalSeconds * options.TicksPerSecond;
            if (ticks < long.MaxValue - now)
            {
                entry.Deadline = now + (long)ticks;
                actions.Add(new DispatchAction(DispatchActionKind.DeadlineTimer, entry, Delay: limit));
            }
        }

        Dispatch(now);
        return null;
    }

    /// <summary>A task's limit counts from here, a call's from where it began: it may have waited for its place.</summary>
    private TimeSpan? TimeLeftAtSubmission(TaskEntry entry, long now) => entry.Deadline == long.MaxValue
        ? entry.Options.TimeLimit
        : TimeSpan.FromSeconds(Math.Max(0, (double)(entry.Deadline - now) / options.TicksPerSecond));

    /// <summary>
    /// Another attempt was granted. False: the task ended meanwhile, or its last failure or its number of attempts does
    /// not allow another, whoever asks (a strategy of the user's may try again on its own).
    /// </summary>
    public bool Resubmit(TaskEntry entry, long now)
    {
        if (entry.Phase == TaskPhase.Done || entry.Completed)
        {
            return false;
        }

        Expect(entry, TaskPhase.Retrying, nameof(Resubmit));
        if (!MayHaveAnother(entry))
        {
            return false;
        }

        LeaveRetrying(entry);
        var isFirst = entry.Attempt == 0;
        counts.Retries += isFirst ? 0 : 1;
        entry.Attempt++;
        entry.Stop = StopReason.None;
        entry.Endpoint = null;
        entry.Phase = TaskPhase.Queued;
        if (entry.IsSuspect)
        {
            suspects.PushBack(entry);
        }
        else if (isFirst)
        {
            queue.PushBack(entry);
        }
        else
        {
            queue.PushRetried(entry);
        }

        Dispatch(now);
        FailQueueIfHopeless();
        return true;
    }

    /// <summary>No further attempt: the last failure, or what the retry owner makes of it, is the outcome.</summary>
    public void GiveUp(TaskEntry entry, in AttemptOutcome outcome)
    {
        if (entry.Phase == TaskPhase.Done || entry.Completed)
        {
            // Ended, or cancelled while its attempt still runs: the caller has been told.
            return;
        }

        Expect(entry, TaskPhase.Retrying, nameof(GiveUp));
        Complete(entry, outcome);
        Settle(entry);
    }

    private void Complete(TaskEntry entry, in AttemptOutcome outcome)
    {
        if (!entry.Completed)
        {
            entry.Completed = true;
            counts.Ended(outcome);
            actions.Add(new DispatchAction(DispatchActionKind.Complete, entry, Outcome: outcome));
        }
    }

    private static bool MayHaveAnother(TaskEntry entry) => entry.MayRetry && entry.Attempt < entry.MaxAttempts;

    private void LeaveRetrying(TaskEntry entry)
    {
        retrying.Remove(entry);
        if (entry.Attempt == 0)
        {
            held--;
            heldBytes -= entry.Bytes;
            entry.Share?.Left(entry.Bytes);
        }
    }

    private void Settle(TaskEntry entry)
    {
        if (entry.Phase == TaskPhase.Retrying)
        {
            LeaveRetrying(entry);
            if (entry.Attempt == 0)
            {
                actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
            }
        }

        entry.Phase = TaskPhase.Done;
        entry.DropPayload();
        Unsettled--;
        actions.Add(new DispatchAction(DispatchActionKind.Settle, entry));
    }

    private static void Expect(TaskEntry entry, TaskPhase phase, string what)
    {
        if (entry.Phase != phase)
        {
            throw Impossible(entry, what);
        }
    }

    private static InvalidOperationException Impossible(TaskEntry entry, string what) =>
        new($"{what} cannot happen to {entry}; this is a defect in the pool, please report it");
}
