namespace WorkerHost.Client.Tests;

/// <summary>A dispatcher by itself: events are method calls, decisions are collected, time stands where it is put.</summary>
internal sealed class DispatcherRig(DispatcherOptions? options = null)
{
    private ulong lastNumber;
    private List<DispatchAction> decided = [];

    public Dispatcher Dispatcher { get; } = new(options ?? new DispatcherOptions());

    public long Now { get; set; }

    /// <summary>What was decided since the last look.</summary>
    public List<DispatchAction> Decided()
    {
        decided = Dispatcher.TakeActions([]);
        return decided;
    }

    public EndpointState Endpoint(int slot = 0, int concurrency = 1, bool supervised = true, bool prefetches = true, long incarnation = 1, long maxTasks = 0)
    {
        var worker = new WorkerEndpoint(new WorkerId("test", slot, incarnation), new Uri("unix:///nowhere"), 4711 + slot, null, concurrency, maxTasks);
        return new EndpointState(worker, (ulong)(1000 + slot * 100 + incarnation), concurrency, supervised, prefetches);
    }

    public EndpointState Open(int slot = 0, int concurrency = 1, bool supervised = true, bool prefetches = true, long incarnation = 1)
    {
        var endpoint = Endpoint(slot, concurrency, supervised, prefetches, incarnation);
        Dispatcher.EndpointOpened(endpoint, Now);
        return endpoint;
    }

    /// <summary>A session with a host at an address of its own.</summary>
    public EndpointState OpenHost(string instance = "first", int slot = 0, int concurrency = 4, double keepsForSeconds = 30)
    {
        var worker = new WorkerEndpoint(new WorkerId("test", slot, 0), new Uri($"unix:///host{slot}"), 0, null, concurrency);
        var endpoint = new EndpointState(worker, (ulong)(1000 + slot), concurrency, supervised: false, prefetches: true)
        {
            Host = new HostTerms(instance, TimeSpan.FromSeconds(keepsForSeconds)),
            TakesPieces = true,
            TakesCalls = true,
            TakesStreams = true,
        };
        Dispatcher.EndpointOpened(endpoint, Now);
        return endpoint;
    }

    public TaskEntry Make(string name = "work", TaskOptions? options = null, int attempts = 3, int bytes = 8, CallerShare? share = null) =>
        new(++lastNumber, name, options ?? new TaskOptions(), new byte[bytes], ContentType.Json, attempts) { Share = share };

    public TaskEntry Submit(string name = "work", TaskOptions? options = null, int attempts = 3, int bytes = 8, CallerShare? share = null)
    {
        var entry = Make(name, options, attempts, bytes, share);
        Assert.Null(Dispatcher.Submit(entry, Now));
        return entry;
    }

    public TaskFailure? TrySubmit(TaskEntry entry) => Dispatcher.Submit(entry, Now);

    /// <summary>Writes everything that waits in the outbox, as a pump does: until there is nothing.</summary>
    public List<TaskEntry> Pump(EndpointState endpoint) => PumpFrames(endpoint).Tasks;

    public (List<TaskEntry> Tasks, List<ulong> Cancels, List<ulong> Recalls) PumpFrames(EndpointState endpoint)
    {
        List<TaskEntry> tasks = [];
        List<ulong> cancels = [];
        List<ulong> recalls = [];
        var frame = new FrameContent();
        while (Dispatcher.TakeFrame(endpoint, ProtocolLimits.MaxFrameBytes, frame, Now))
        {
            tasks.AddRange(frame.Tasks);
            cancels.AddRange(frame.Cancels);
            recalls.AddRange(frame.Recalls);
            frame.Clear();
        }

        return (tasks, cancels, recalls);
    }

    public void Succeed(TaskEntry entry, long microseconds = 100) => Answer(entry.Endpoint!, entry.Sequence, AttemptOutcome.Success(new byte[1], ContentType.Json), microseconds);

    public void Fail(TaskEntry entry, TaskFailure failure) => Answer(entry.Endpoint!, entry.Sequence, AttemptOutcome.Failed(failure), 100);

    public void Answer(EndpointState endpoint, ulong sequence, AttemptOutcome outcome, long microseconds)
    {
        Dispatcher.Outcome(endpoint, sequence, outcome, microseconds, Now);
        Dispatcher.Dispatch(Now);
    }

    public void Recall(EndpointState endpoint, params ulong[] sequences)
    {
        foreach (var sequence in sequences)
        {
            Dispatcher.Recalled(endpoint, sequence, Now);
        }

        Dispatcher.Dispatch(Now);
    }

    public void End(EndpointState endpoint) => Dispatcher.SessionEnded(endpoint, "the endpoint ended the session", Now);

    public static WorkerDeath DeathOf(EndpointState endpoint, LedgerEvidence evidence, DeathCause cause = DeathCause.Killed) => new(
        new DeathReport { Worker = endpoint.Worker.Id, Pid = endpoint.Worker.Pid, Cause = cause, Signal = cause == DeathCause.Crash ? "SIGSEGV" : "SIGKILL" },
        evidence);

    public void Die(EndpointState endpoint, LedgerEvidence? evidence = null) =>
        Dispatcher.WorkerDied(DeathOf(endpoint, evidence ?? LedgerEvidence.None), Now);

    /// <summary>Both facts of a death: the session read to its end, and the process observed dead.</summary>
    public void EndAndDie(EndpointState endpoint, LedgerEvidence? evidence = null)
    {
        End(endpoint);
        Die(endpoint, evidence);
    }

    /// <summary>Both facts of a death of which a task may be the cause; of the tasks that ask for another attempt each gets it.</summary>
    public void Crash(EndpointState endpoint, LedgerEvidence evidence, DeathCause cause = DeathCause.Crash)
    {
        End(endpoint);
        Dispatcher.WorkerDied(DeathOf(endpoint, evidence, cause), Now);
        foreach (var failed in Decided().Where(static a => a.Kind == DispatchActionKind.AttemptFailed))
        {
            if (!Dispatcher.Resubmit(failed.Entry!, Now))
            {
                Dispatcher.GiveUp(failed.Entry!, failed.Outcome);
            }
        }
    }

    /// <summary>What a ledger says in which everything up to <paramref name="started"/> began and <paramref name="running"/> is in the lanes.</summary>
    public static LedgerEvidence Evidence(EndpointState endpoint, ulong started, params ulong[] running) => Page(endpoint, started, running).Read();

    public static LedgerBytes Page(EndpointState endpoint, ulong started, params ulong[] running)
    {
        var page = new LedgerBytes(Math.Max(running.Length, endpoint.Concurrency), endpoint.Worker.Id.Incarnation).Track(endpoint.SessionKey, started);
        for (var lane = 0; lane < running.Length; lane++)
        {
            page.Lane(lane, endpoint.SessionKey, running[lane], LaneState.Running);
        }

        return page;
    }

    public static TaskFailure HandlerThrew(bool retryable = false) => new()
    {
        Kind = TaskFailureKind.TaskFailed,
        Message = "it threw",
        Retryable = retryable,
        Error = new RemoteError("System.InvalidOperationException", "it threw", "at Handler()", null),
    };

    public void Pass(TimeSpan time) => Now += time.Ticks;

    public static TaskFailure Leaving() => new() { Kind = TaskFailureKind.Rejected, NeverStarted = true, Message = "worker is leaving" };

    /// <summary>The decisions in words: <c>Pump Complete(ok) Settle</c>.</summary>
    public string Told() => Tell(Decided());

    public static string Tell(IEnumerable<DispatchAction> actions) => string.Join(' ', actions.Select(static a => a.Kind switch
    {
        DispatchActionKind.Complete or DispatchActionKind.AttemptFailed => $"{a.Kind}({a.Outcome.Failure?.Kind.ToString() ?? "ok"})",
        _ => a.Kind.ToString(),
    }));
}
