using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// One duplex stream: reads tasks into the lane queue and writes outcomes back. Batching is natural: a frame holds what
/// gathered while the frame before it was being written, and nothing ever waits for company.
/// </summary>
internal sealed partial class TaskSession
{
    // How long a peer may take to read what was being written when its session ended.
    private static readonly TimeSpan WriterGrace = TimeSpan.FromSeconds(1);

    private readonly Func<string, EndpointCore> choose;

    // Known from its hello on.
    private EndpointCore core = null!;
    private readonly IAsyncStreamReader<SessionRequest> reader;
    private readonly IServerStreamWriter<SessionResponse> writer;
    private readonly Action abort;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock gate = new();
    private readonly Dictionary<ulong, SessionTask> inFlight = [];
    private List<SessionOutcome> pending = [];
    private List<ulong> started = [];

    /// <summary>Tasks that have something to say before their end, or their end after that.</summary>
    private List<TaskOutput> speaking = [];
    private readonly Action<TaskOutput> announceOutput;

    /// <summary>Cancelled after they had ended, while something is being written: the results of the large ones may still be stopped.</summary>
    private List<ulong> unwanted = [];
    private bool tellDraining;
    private bool putOff;
    // Until the hello is written, so that nothing is before it.
    private bool writing = true;
    private bool halfClosed;
    private bool drained;
    private bool abandoned;
    private Exception? writeFailure;
    private TaskCompletionSource? writerIdle;

    /// <param name="choose">What stands behind the endpoint, by the pool that the hello names.</param>
    /// <param name="reader">Frames from the client.</param>
    /// <param name="writer">Frames to the client.</param>
    /// <param name="abort">Breaks the stream: for a peer that does not even read its refusal.</param>
    public TaskSession(
        Func<string, EndpointCore> choose,
        IAsyncStreamReader<SessionRequest> reader,
        IServerStreamWriter<SessionResponse> writer,
        Action abort)
    {
        this.choose = choose;
        this.abort = abort;
        this.reader = reader;
        this.writer = writer;
        announceOutput = Announced;
        Flush = FlushNow;
    }

    public ulong Key { get; private set; }

    /// <summary>The key of the one that its client had here before, and that broke; 0: none.</summary>
    public ulong Resumes { get; private set; }

    public string IdPrefix { get; private set; } = "";

    public int Track { get; private set; } = -1;

    public bool ReportsStarts { get; private set; }

    /// <summary>Returns when the session has ended well; throws what the client is to be told otherwise.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await GreetAsync(cancellationToken).ConfigureAwait(false);
        core.Enter(this);
        var clean = false;
        try
        {
            Client = await core.OpenedAsync(this).ConfigureAwait(false);
            Track = core.OpenTrack(Key);
            await SayHelloAsync(cancellationToken).ConfigureAwait(false);
            var reading = ReadAsync(cancellationToken);

            // While draining the session ends when its last task does, even if the client has not half-closed.
            if (await Task.WhenAny(reading, ended.Task).ConfigureAwait(false) == reading)
            {
                await reading.ConfigureAwait(false);
                await ended.Task.ConfigureAwait(false);
            }
            else
            {
                // Nobody waits for it any more; it ends with the call.
                Unawaited.Observe(reading);
            }

            if (writeFailure is not null)
            {
                throw new RpcException(new Status(StatusCode.Internal, "the outcomes could not be written", writeFailure));
            }

            clean = true;
        }
        finally
        {
            await AbandonAsync().ConfigureAwait(false);
            CloseTracks();
            core.Closed(this, clean);
            core.Leave(this);
            over.SetResult();
        }
    }

    /// <summary>Its client has another session in its place: nothing more of it is read when this returns.</summary>
    public Task BreakAsync()
    {
        abort();
        return over.Task;
    }

    /// <summary>Gives back what has not started; the session ends when the rest is done.</summary>
    public void Drain()
    {
        bool write;
        lock (gate)
        {
            if (drained)
            {
                return;
            }

            drained = true;
            tellDraining = true;
            write = ClaimWriter();
        }

        Write(write, hurry: false);
        GiveBackWaiting();
    }

    /// <summary>A task of this session is about to call its handler.</summary>
    public void Started(SessionTask task)
    {
        bool write;
        lock (gate)
        {
            started.Add(task.Sequence);
            write = ClaimWriter();
        }

        // The handler does not wait for the news of its start.
        Write(write, hurry: false);
    }

    /// <summary>A task of this session has ended, in whatever way.</summary>
    public void Complete(SessionTask task, in TaskEnd end, bool hurry)
    {
        bool write;
        lock (gate)
        {
            if (!inFlight.Remove(task.Sequence))
            {
                return;
            }

            if (abandoned)
            {
                return;
            }

            Add(task, end);
            write = ClaimWriter();
        }

        Write(write, hurry);
    }

    /// <summary>The same, but its outcome leaves with those of others at <see cref="Flush"/>.</summary>
    /// <returns>True: it is the first since then.</returns>
    public bool CompleteLater(SessionTask task, in TaskEnd end)
    {
        lock (gate)
        {
            if (!inFlight.Remove(task.Sequence) || abandoned)
            {
                return false;
            }

            Add(task, end);
            var first = !putOff;
            putOff = true;
            return first;
        }
    }

    /// <summary>What was put off leaves, carried by this thread.</summary>
    public Action Flush { get; }

    private void FlushNow()
    {
        bool write;
        lock (gate)
        {
            putOff = false;
            write = ClaimWriter();
        }

        Write(write, hurry: true);
    }

    // Under the gate.
    private void Add(SessionTask task, in TaskEnd end)
    {
        if (task.Output is not { } output)
        {
            pending.Add(new SessionOutcome(task.Sequence, end, Client is null ? null : task.Elsewhere));
            pendingBytes += end.Failure is null ? end.Data.Length : FailureBytes;
        }
        else if (output.Close(end))
        {
            speaking.Add(output);
        }
    }

    private void Announced(TaskOutput output)
    {
        bool write;
        lock (gate)
        {
            speaking.Add(output);
            write = ClaimWriter();
        }

        // The handler goes on meanwhile, and what it says gathers.
        Write(write, hurry: false);
    }

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        var first = await NextFrameAsync(cancellationToken).ConfigureAwait(false)
            ?? throw SessionRefusal.Broken("the session ended before its hello");
        if (first.Hello is not { } hello)
        {
            throw SessionRefusal.Broken("the first frame of a session must be its hello");
        }

        if (first.Tasks.Count + first.Cancel.Count + first.Recall.Count + first.Chunks.Count + first.StreamCredit.Count > 0)
        {
            throw SessionRefusal.Broken("the first frame of a session has nothing but its hello");
        }

        core = choose(hello.Pool);
        uploads = new PartialPayloads(core.MaxMessageBytes);
        if (SessionRefusal.Check(hello, core) is { } refusal)
        {
            throw refusal;
        }

        Key = hello.SessionKey;
        Resumes = hello.ResumesSession;
        IdPrefix = BoundedText.Cut(hello.IdPrefix, ProtocolLimits.MaxNameLength);
        ReportsStarts = hello.ReportStarted;
        frames = new FrameBuilder(ProtocolLimits.FrameBytesFor(hello.MaxFrameBytes), hello.TakesChunks);
    }

    private async Task SayHelloAsync(CancellationToken cancellationToken)
    {
        try
        {
            await writer.WriteAsync(Hello(), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            lock (gate)
            {
                StopWriting();
            }

            throw;
        }

        // What has gathered meanwhile.
        Write(claimed: true, hurry: true);
    }

    private SessionResponse Hello() => new()
    {
        Hello = new EndpointHello
        {
            Protocol = ProtocolLimits.MaxVersion,
            Capabilities = { core.Capabilities },
            HostInstance = core.HostInstance,
            Worker = core.WorkerName,
            Incarnation = (ulong)core.Worker.Incarnation,
            Concurrency = (uint)core.Concurrency,
            Credit = core.Credit,
            Tasks = { core.Describe() },
            MaxFrameBytes = ProtocolLimits.MaxFrameBytes,
            MaxMessageBytes = (ulong)core.MaxMessageBytes,
            AbandonedAfterMs = (ulong)core.AbandonedAfter.TotalMilliseconds,
        },
    };

    private void GiveBackWaiting()
    {
        if (!core.GivesBack)
        {
            return;
        }

        SessionTask[] tasks;
        lock (gate)
        {
            tasks = [.. inFlight.Values];
        }

        foreach (var task in tasks)
        {
            if (core.TryRemove(task))
            {
                task.GiveBack();
            }
        }
    }

    // The end may have come between the reading of a frame and its queueing: then the canceller did not find it queued.
    private void CancelIfAbandoned()
    {
        SessionTask[] left;
        lock (gate)
        {
            left = abandoned ? [.. inFlight.Values] : [];
        }

        foreach (var task in left)
        {
            core.Abandon(task);
        }
    }

    // What is left of the session must not run for nobody, and no write may outlive the call.
    private async Task AbandonAsync()
    {
        Task idle;
        lock (gate)
        {
            abandoned = true;
            pending.Clear();
            RoomIsMade();
            speaking.Clear();
            if (writing)
            {
                writerIdle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            idle = writerIdle?.Task ?? Task.CompletedTask;
        }

        CancelIfAbandoned();
        try
        {
            await idle.WaitAsync(WriterGrace, core.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            abort();
            await idle.ConfigureAwait(false);
        }
    }
}
