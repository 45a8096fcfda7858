namespace WorkerHost.Client;

/// <summary>
/// One connection to one incarnation, as the dispatcher sees it. A new connection is a new object: whatever the old
/// one still says cannot touch the new. Touched only inside the gate.
/// </summary>
internal sealed class EndpointState(WorkerEndpoint worker, ulong sessionKey, int concurrency, bool supervised, bool prefetches)
{
    /// <summary>An endpoint that promises more lanes is not believed.</summary>
    public const int MaxConcurrency = 100_000;

    public WorkerEndpoint Worker => worker;

    public ulong SessionKey => sessionKey;

    public int Concurrency => concurrency;

    /// <summary>Its death will be observed and its process can be killed.</summary>
    public bool Supervised => supervised;

    /// <summary>It can hold tasks it has not started (a session; not unary calls).</summary>
    public bool Prefetches => prefetches;

    /// <summary>It is a host with a pool behind it; null: a worker.</summary>
    public HostTerms? Host { get; init; }

    /// <summary>The transport's own object, passed through.</summary>
    public object? Connection { get; set; }

    public SequenceTable InFlight { get; } = new();

    public ulong LastSequence;

    /// <summary>
    /// Given to this endpoint and not yet taken by the transport, oldest first. A task that was taken back leaves its
    /// place behind, and may come again under a new sequence: only the place of its present one counts.
    /// </summary>
    public Queue<(TaskEntry Entry, ulong Sequence)> Outbox { get; } = new();

    /// <summary>It takes payloads in pieces.</summary>
    public bool TakesPieces { get; init; }

    /// <summary>It runs streaming calls that belong to this session.</summary>
    public bool TakesCalls { get; init; }

    /// <summary>Streaming calls that are given up.</summary>
    public List<ulong> CallCancels { get; } = [];

    /// <summary>The last of those: one may come back unstarted when its end was told already.</summary>
    public HashSet<ulong> CallsGivenUp { get; } = [];

    /// <summary>Tasks from the outbox that are too large for it; the first is on its way in pieces.</summary>
    public Queue<(TaskEntry Entry, ulong Sequence)> Uploads { get; } = new();

    /// <summary>What the pieces of the first are called.</summary>
    public ulong UploadNumber = 1;

    /// <summary>How much of the first was sent ahead.</summary>
    public int UploadedBytes;

    public List<ulong> Cancels { get; } = [];

    public List<ulong> Recalls { get; } = [];

    /// <summary>In flight here and asked back, not answered yet.</summary>
    public int RecallsAsked;

    /// <summary>Tasks it holds beyond what its lanes can run, and was not asked to give back.</summary>
    public int Ahead => Open && Prefetches ? InFlight.Count - concurrency - RecallsAsked : 0;

    /// <summary>It gives items one by one, and what tasks say of their progress.</summary>
    public bool TakesStreams { get; init; }

    /// <summary>Room for items, to be told with the next frame.</summary>
    public List<StreamGrant> Grants { get; } = [];

    /// <summary>A pump has been asked for and has not found everything empty since.</summary>
    public bool PumpWanted;

    /// <summary>What waits to be written is for a lane that has nothing to do. Read outside the gate, as a hint only.</summary>
    public bool LaneWaits => InFlight.Count <= concurrency;

    /// <summary>Neither leaving nor lost.</summary>
    public bool Open = true;

    /// <summary>A spare: connected, but it gets nothing until it is told to serve.</summary>
    public bool Reserved;

    /// <summary>So many tasks may still be given to it in its life.</summary>
    public long TasksLeft = worker.MaxTasks == 0 ? long.MaxValue : worker.MaxTasks;

    /// <summary>It refused a task although it is not leaving: it is asked again when it said so, not at once and for ever.</summary>
    public bool Resting;

    /// <summary>
    /// A supervised worker with a lane given up takes nothing new: it is killed as soon as its other tasks are done,
    /// unless the stubborn one ends by itself before that.
    /// </summary>
    public bool IsUsable => Open && !Reserved && !Resting && TasksLeft > 0 && (Overdue == 0 || !Supervised);

    /// <summary>It gets nothing but a suspect, once it is empty.</summary>
    public bool Emptying;

    /// <summary>A suspect is in flight here, alone.</summary>
    public bool HasSuspect;

    public bool TakesTasks => IsUsable && !Emptying && !HasSuspect;

    /// <summary>The session was read to its end.</summary>
    public bool Ended;

    public string? EndReason;

    /// <summary>It has ended its session itself and in good order: whatever it had read it has answered, and what it had not read never runs.</summary>
    public bool EndedInOrder;

    /// <summary>Its session broke, and its host keeps what it had: nothing is judged until the host is there again, or known to be lost.</summary>
    public bool InLimbo;

    /// <summary>Until then, at least, the host keeps what it had; counted while in limbo.</summary>
    public long KeptUntil;

    /// <summary>Until then what came over from the session before, and was not written in this one.</summary>
    public long CarriedUntil;

    /// <summary>Frames with outcomes that were read; of how many the host was told; and how many bytes of results were in the others.</summary>
    public ulong OutcomesSeen;

    public ulong OutcomesTold;

    public long BytesUntold;

    /// <summary>Its supervisor has told it to leave.</summary>
    public bool Leaving;

    public WorkerDeath? Death;

    /// <summary>Outcomes received of tasks that it has run.</summary>
    public long Finished;

    /// <summary>When its last outcome came; 0: none has.</summary>
    public long FinishedAt;

    /// <summary>A kill was asked for: nothing new goes there.</summary>
    public bool KillOrdered;

    /// <summary>Large tasks given to it whose last piece is not written.</summary>
    public int Travelling;

    /// <summary>Expected microseconds of work handed over and not finished, all lanes together.</summary>
    public double Backlog;

    /// <summary>Tasks in flight that did not heed their stop within the grace.</summary>
    public int Overdue;

    public bool Judged => Ended && !InLimbo && (Death is not null || !Supervised);

    /// <summary>What its death says of a task that it had; without an observed death nothing is known.</summary>
    public StartVerdict VerdictOn(TaskEntry entry) =>
        entry.HasYielded && Death?.Evidence.Judge(LedgerKeyOf(entry), entry.Sequence) is StartVerdict.NeverStarted ? StartVerdict.Unknown
        : IsProvablyUnread(entry) ? StartVerdict.NeverStarted
        : entry.Written || entry.Carried ? Death?.Evidence.Judge(LedgerKeyOf(entry), entry.Sequence) ?? StartVerdict.Unknown : StartVerdict.NeverStarted;

    /// <summary>It was still on its way when the host ended the session. What an earlier session had may run, for all that this one tells.</summary>
    public bool IsProvablyUnread(TaskEntry entry) => EndedInOrder && Host is not null && entry is { Carried: false, HasYielded: false };

    /// <summary>Under which its start is marked.</summary>
    public ulong LedgerKeyOf(TaskEntry entry) => entry.Call is null ? sessionKey : CallPlace.LedgerKeyOf(sessionKey);

    /// <summary>As its lanes take them: those that were written in the order of their sequences, then what is still to be written.</summary>
    public IEnumerable<TaskEntry> InLaneOrder() => InFlight.InOrder().OrderBy(static e => !e.Written);

    public override string ToString() => $"{Worker.Id} ({(Open ? "open" : "closed")}, {InFlight.Count} in flight)";
}
