using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// A session: tasks and outcomes in batches over one duplex stream. One frame holds whatever gathered while the frame
/// before was being written. Whoever finds the pump idle writes; there is no thread and no timer of its own.
/// </summary>
internal sealed class SessionConnection : IEndpointConnection
{
    /// <summary>An endpoint that is ready answers a hello within milliseconds; one that is stopped or no endpoint never does.</summary>
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A host that heeds a half-close answers it at once, unless it still runs what was given up here.</summary>
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(1);

    private readonly EndpointChannel channel;
    private readonly AsyncDuplexStreamingCall<OutgoingFrame, IncomingFrame> call;
    private readonly DispatchLoop loop;
    private readonly int maxFrameBytes;
    /// <summary>Never disposed: a grace that passes late may still want to abort what has ended.</summary>
    private readonly CancellationTokenSource abort = new();
    private readonly OutgoingFrame frame;
    private readonly string idPrefix;
    private readonly CallChannel calls;
    private Task reading = Task.CompletedTask;
    private Task pumping = Task.CompletedTask;
    private bool halfClosed;
    private string? abortReason;

    private SessionConnection(
        EndpointChannel channel,
        AsyncDuplexStreamingCall<OutgoingFrame, IncomingFrame> call,
        DispatchLoop loop,
        OutgoingFrame frame,
        EndpointState state,
        int maxFrameBytes,
        string idPrefix,
        CallChannel calls)
    {
        this.idPrefix = idPrefix;
        this.calls = calls;
        this.frame = frame;
        this.channel = channel;
        this.call = call;
        this.loop = loop;
        this.maxFrameBytes = maxFrameBytes;
        State = state;
        state.Connection = this;
    }

    public EndpointState State { get; }

    /// <summary>What the endpoint says that it can run.</summary>
    public IReadOnlyList<V1.TaskDescription> Tasks { get; private init; } = [];

    public Task Ended => reading;

    /// <param name="worker">Whose endpoint.</param>
    /// <param name="pool">Ours, or that of a supervised worker.</param>
    /// <param name="idPrefix">What the ids of our tasks begin with.</param>
    /// <param name="resumes">The key of the last session with it, which broke; 0: there was none.</param>
    /// <param name="supervised">Its death will be observed.</param>
    /// <param name="loop">Where what happens is told.</param>
    /// <param name="options">Of the transport.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RpcException">Unimplemented: the endpoint has no sessions. FailedPrecondition: it refuses ours.</exception>
    public static async Task<SessionConnection> OpenAsync(
        WorkerEndpoint worker, string pool, string idPrefix, ulong resumes, bool supervised, DispatchLoop loop, TransportOptions options, CancellationToken cancellationToken)
    {
        var channel = new EndpointChannel(worker, options.MaxMessageBytes, drainSafe: true, options.WrapSocket);
        var frame = new OutgoingFrame { MicrosecondsLeft = loop.MicrosecondsLeft };
        AsyncDuplexStreamingCall<OutgoingFrame, IncomingFrame>? call = null;

        // What answers in this process answers soon or never, whatever a test makes of the pool's clock meanwhile.
        using var timeout = new CancellationTokenSource(HelloTimeout, worker.InProcess is null ? options.Time : TimeProvider.System);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var sessionKey = (ulong)options.Random.NextInt64(1, long.MaxValue);
            var incoming = new IncomingFrame(worker.Id, options.MaxMessageBytes, options.Names);
            call = channel.Invoker.AsyncDuplexStreamingCall(OpenSession(incoming), null, new CallOptions(channel.Headers()));
            using (patience.Token.UnsafeRegister(static c => ((IDisposable)c!).Dispose(), call))
            {
                frame.Hello = new V1.ClientHello
                {
                    MinProtocol = ProtocolLimits.MinVersion,
                    MaxProtocol = ProtocolLimits.MaxVersion,
                    Pool = supervised ? pool : worker.HostPool ?? "",
                    Client = $"workerhost-dotnet pid {Environment.ProcessId}",
                    SessionKey = sessionKey,
                    IdPrefix = idPrefix,
                    MaxFrameBytes = ProtocolLimits.MaxFrameBytes,
                    TakesChunks = true,
                    ResumesSession = resumes,
                };
                try
                {
                    await call.RequestStream.WriteAsync(frame, CancellationToken.None).ConfigureAwait(false);
                }
                catch (Exception e) when (e is RpcException or IOException)
                {
                    // An endpoint that refuses before it has read says why in its answer; the write knows only that it was cut off.
                }

                frame.Clear();
                if (!await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false) || call.ResponseStream.Current.Hello is not { } hello)
                {
                    throw new RpcException(new Status(StatusCode.Internal, $"endpoint {worker.Address} did not answer the hello of a session with its own"));
                }

                var concurrency = (int)Math.Clamp(hello.Concurrency, 1, EndpointState.MaxConcurrency);
                var state = new EndpointState(worker, sessionKey, concurrency, supervised, prefetches: true)
                {
                    Host = supervised ? null : HostTerms.Of(hello),
                    TakesPieces = hello.Capabilities.Contains(Capability.Chunks),
                    TakesStreams = hello.Capabilities.Contains(Capability.Streams),
                    TakesCalls = hello.Capabilities.Contains(Capability.Calls),
                };
                frame.IsForHost = incoming.IsOfHost = state.Host is not null;
                var calls = new CallChannel(() => new EndpointChannel(worker, options.MaxMessageBytes, drainSafe: false, options.WrapSocket));
                return new SessionConnection(channel, call, loop, frame, state, ProtocolLimits.FrameBytesFor(hello.MaxFrameBytes), idPrefix, calls) { Tasks = hello.Tasks };
            }
        }
        catch (Exception e)
        {
            channel.Stream?.ReaderEnded();
            call?.Dispose();
            channel.Dispose();
            if (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"endpoint {worker.Address} did not open a session within {HelloTimeout.TotalSeconds} s", e);
            }

            throw;
        }
    }

    /// <summary>Begins to read; the endpoint may be used from now on.</summary>
    public void Start() => reading = ReadAsync();

    public void Pump(bool hurry)
    {
        // The gate lets only one Pump action be under way, so this is never entered twice.
        pumping = PumpAsync(hurry);
    }

    public void Open(TaskEntry entry, ulong sequence)
    {
        var headers = new Dictionary<string, string>();
        entry.CopyHeaders(headers);
        var metadata = CallMetadata.FromHeaders(headers);
        new CallPlace(State.SessionKey, sequence, entry.IdWith(idPrefix)).AddTo(metadata);
        if (State.Worker.HostPool is { } hostPool)
        {
            metadata.Add(CallWords.Pool, hostPool);
        }

        foreach (var ours in channel.Headers() ?? [])
        {
            metadata.Add(ours);
        }

        entry.Call!.Open(calls, metadata);
    }

    public void Abort(string reason)
    {
        abortReason ??= reason;
        abort.Cancel();
    }

    public void HalfClose()
    {
        halfClosed = true;
        _ = HalfCloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (halfClosed && State.Host is not null)
        {
            // A session that was cut may come back: what the host had of it, it would keep.
            await reading.WaitAsync(FarewellTimeout, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Abort("the pool is closing");
        await reading.ConfigureAwait(false);
        await pumping.ConfigureAwait(false);
    }

    private async Task HalfCloseAsync()
    {
        try
        {
            await pumping.ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It has ended already.
        }
    }

    private async Task ReadAsync()
    {
        var reason = "the endpoint ended the session";
        try
        {
            while (await call.ResponseStream.MoveNext(abort.Token).ConfigureAwait(false))
            {
                loop.Received(State, call.ResponseStream.Current);
            }

            State.EndedInOrder = true;
        }
        catch (RpcException e)
        {
            reason = abortReason ?? (channel.Stream is { HasEnded: true } ? "the connection was lost" : $"{e.StatusCode}: {e.Status.Detail}");
        }
        catch (OperationCanceledException)
        {
            reason = abortReason ?? "it was aborted";
        }
        catch (Exception e)
        {
            // Whatever the endpoint made of its frame: its tasks are judged, and none of them waits for ever.
            reason = $"what it sent cannot be understood: {e.Message}";
        }

        // From here on nothing more is delivered. A pump that still waits for room on the wire is released: the end of the
        // connection does not do that reliably, because the response has ended already.
        channel.Stream?.ReaderEnded();
        await abort.CancelAsync().ConfigureAwait(false);
        call.Dispose();
        channel.Dispose();
        calls.Dispose();
        loop.SessionEnded(State, reason);
    }

    private async Task PumpAsync(bool hurry)
    {
        try
        {
            if (!hurry)
            {
                await default(BehindOthers);
            }

            while (loop.TakeFrame(State, maxFrameBytes, frame.Content, out _))
            {
                if (!State.TakesStreams)
                {
                    RefuseStreams();
                }

                // Serialises before it returns, so the frame can be used again.
                await call.RequestStream.WriteAsync(frame, abort.Token).ConfigureAwait(false);
                frame.Clear();
                if (!State.LaneWaits)
                {
                    // Every lane has work: what is submitted meanwhile goes into one frame instead of many.
                    await default(BehindOthers);
                }
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The reader meets the end as well and reports it; what was not written is judged there.
        }
        catch (Exception e)
        {
            Abort($"a frame cannot be written: {e.Message}");
        }
    }

    /// <summary>Takes out of the frame what the endpoint could not do, and answers in its place.</summary>
    private void RefuseStreams()
    {
        var content = frame.Content;
        foreach (var stream in content.Tasks.FindAll(static e => e.IsStream))
        {
            content.Tasks.Remove(stream);
            if (stream == content.Uploaded && content.LastPiece.Offset > 0)
            {
                content.Pieces.Add(new PayloadPiece(content.LastPiece.Upload, 0, default, 0));
            }

            loop.Received(State, stream.Sequence, AttemptOutcome.Failed(NoStreams(State, stream.Task)));
        }
    }

    /// <summary>Also for a connection without sessions.</summary>
    public static TaskFailure NoStreams(EndpointState state, string task) => new()
    {
        Kind = TaskFailureKind.BadInput,
        NeverStarted = true,
        Worker = state.Worker.Id,
        Message = $"endpoint {state.Worker.Address.OriginalString} cannot give the items of task {task} one by one (it lacks the capability \"{Capability.Streams}\"); call the task with Submit, or use a worker that can",
    };

    /// <summary>What a write throws when its call or its connection has ended, whichever of them notices first.</summary>
    private static bool IsEnd(Exception e) =>
        e is RpcException or InvalidOperationException or OperationCanceledException or ObjectDisposedException or IOException;

    /// <summary>The method of the contract, with frames that need no message objects.</summary>
    private static Method<OutgoingFrame, IncomingFrame> OpenSession(IncomingFrame incoming) =>
        new(
            MethodType.DuplexStreaming,
            V1.TaskEndpoint.Descriptor.FullName,
            nameof(V1.TaskEndpoint.TaskEndpointClient.OpenSession),
            Marshallers.Create<OutgoingFrame>(OutgoingFrame.Serialize, static _ => throw new NotSupportedException("a client does not read its own frames")),
            Marshallers.Create(static (_, _) => throw new NotSupportedException("a client does not write the endpoint's frames"), incoming.Read));
}
