using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// One streaming call. It waits in the pool's queue as an entry without a payload; when it has a place at an endpoint it opens a call of gRPC there, whatever its
/// kind a duplex one, and its caller reads and writes that. How it ended is what the endpoint answered; where that is not known, because the connection was
/// lost, what the dispatcher makes of it. Thread-safe as grpc-dotnet's calls are: one reader and one writer at a time.
/// </summary>
internal sealed class StreamedCall<TRequest, TResponse>(DispatchLoop loop, PoolIdentity pool, Method<TRequest, TResponse> method, CallOptions options, TRequest? request)
    : IStreamedCall, ISubmittedCall, IClientStreamWriter<TRequest>, IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource<AsyncDuplexStreamingCall<TRequest, TResponse>?> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the dispatcher says of the end.</summary>
    private readonly TaskCompletionSource<CallEnd> verdict = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskEntry? entry;
    private CallChannel? channel;
    private AsyncDuplexStreamingCall<TRequest, TResponse>? inner;
    private CallEnd? end;
    private TokenWatch caller;

    public TResponse Current => inner?.ResponseStream.Current ?? throw new InvalidOperationException("No message has been read.");

    public WriteOptions? WriteOptions { get; set; }

    public Status Status => Ended("the status").Status;

    public Metadata Trailers => Ended("the trailers").Trailers;

    public void Begins(TaskEntry task) => entry = task;

    public void CancelWith(CancellationToken token) => caller.Begin(token, static call => ((StreamedCall<TRequest, TResponse>)call!).Cancel(CallEnd.Cancelled), this);

    /// <summary>The end; what ended before stays.</summary>
    public void End(CallEnd how)
    {
        CallChannel? left;
        lock (gate)
        {
            if (end is not null)
            {
                return;
            }

            end = how;
            (left, channel) = (channel, null);
        }

        opened.TrySetResult(null);
        caller.End();
        left?.Leave();
    }

    public void Open(CallChannel at, Metadata metadata)
    {
        var broken = true;
        if (at.Enter() is { } invoker)
        {
            AsyncDuplexStreamingCall<TRequest, TResponse> call;
            lock (gate)
            {
                if (end is not null)
                {
                    at.Leave();
                    loop.StopAttempt(entry!);
                    return;
                }

                channel = at;
            }

            try
            {
                var duplex = new Method<TRequest, TResponse>(MethodType.DuplexStreaming, method.ServiceName, method.Name, method.RequestMarshaller, method.ResponseMarshaller);
                call = invoker.AsyncDuplexStreamingCall(duplex, null, new CallOptions(metadata, options.Deadline, writeOptions: options.WriteOptions));
                inner = call;
                broken = false;
                opened.TrySetResult(call);
                if (request is not null)
                {
                    // Not awaited: where the answer comes before it was read, grpc-dotnet may never end it.
                    _ = WriteRequestAsync(call);
                }

                Unawaited.Observe(WatchAsync(call));
                if (Volatile.Read(ref end) is not null)
                {
                    call.Dispose();
                }
            }
            catch (Exception e)
            {
                End(CallEnd.Of(StatusCode.Internal, $"Error starting gRPC call. {e.GetType().Name}: {e.Message}", e));
            }
        }

        if (broken)
        {
            loop.StopAttempt(entry!);
        }
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref end) is { } before)
        {
            return before.Status.StatusCode == StatusCode.OK ? false : throw before.ToException();
        }

        var call = await OpenedAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            throw (await EndOfAsync(call, e).ConfigureAwait(false)).ToException();
        }

        Answered(call, call.GetStatus());
        return false;
    }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        var call = await OpenedAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            call.RequestStream.WriteOptions = WriteOptions;
            await call.RequestStream.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            throw (await EndOfAsync(call, e).ConfigureAwait(false)).ToException();
        }
    }

    public async Task CompleteAsync()
    {
        ThrowIfFailed();
        var call = await OpenedAsync().ConfigureAwait(false);
        await call.RequestStream.CompleteAsync().ConfigureAwait(false);
    }

    public async Task<Metadata> HeadersAsync()
    {
        var call = await OpenedAsync().ConfigureAwait(false);
        try
        {
            return WithoutOurs(await call.ResponseHeadersAsync.ConfigureAwait(false));
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            throw (await EndOfAsync(call, e).ConfigureAwait(false)).ToException();
        }
    }

    /// <summary>The one response of a method that takes a stream.</summary>
    public async Task<TResponse> ResponseAsync()
    {
        if (!await MoveNext(CancellationToken.None).ConfigureAwait(false))
        {
            throw new RpcException(new Status(StatusCode.Internal, $"{method.FullName} ended without a response"));
        }

        var response = Current;
        await MoveNext(CancellationToken.None).ConfigureAwait(false);
        return response;
    }

    public void Dispose() => Cancel(CallEnd.Disposed);

    public void Complete(in AttemptOutcome outcome)
    {
        var task = entry!;
        task.Trace?.Ended(outcome);
        var how = outcome.Failure switch
        {
            null => CallEnd.Ok(null),
            { Kind: TaskFailureKind.Cancelled } when task.Stop == StopReason.Cancelled => CallEnd.Cancelled,
            var failure => CallEnd.Failed(failure, pool.IdOf(task), task.Task),
        };
        verdict.TrySetResult(how);
        if (inner is null)
        {
            End(how);
        }
        else if (task.Stop == StopReason.Expired)
        {
            End(how);
            inner.Dispose();
        }
    }

    public void Settle()
    {
        // A call has no word for that.
    }

    private void Cancel(CallEnd how)
    {
        lock (gate)
        {
            if (end is not null)
            {
                // Read to its end, or given up before.
                inner?.Dispose();
                return;
            }
        }

        End(how);
        inner?.Dispose();
        if (entry is { } task)
        {
            loop.Cancel(task);
        }
    }

    private async Task WriteRequestAsync(AsyncDuplexStreamingCall<TRequest, TResponse> call)
    {
        try
        {
            await call.RequestStream.WriteAsync(request!).ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // What became of it says the answer.
        }
    }

    private async Task WatchAsync(AsyncDuplexStreamingCall<TRequest, TResponse> call)
    {
        // Nobody may be reading: a call that its worker has not taken must not keep its lane.
        try
        {
            var headers = await call.ResponseHeadersAsync.ConfigureAwait(false);
            if (headers.Get(CallPlace.SequenceName) is null)
            {
                loop.StopAttempt(entry!);
            }
        }
        catch (Exception e)
        {
            await EndOfAsync(call, e).ConfigureAwait(false);
        }
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref end) is { Status.StatusCode: not StatusCode.OK } before)
        {
            throw before.ToException();
        }
    }

    private async Task<AsyncDuplexStreamingCall<TRequest, TResponse>> OpenedAsync() =>
        await opened.Task.ConfigureAwait(false) ?? throw end!.ToException();

    /// <summary>gRPC says that the call has failed.</summary>
    private async ValueTask<CallEnd> EndOfAsync(AsyncDuplexStreamingCall<TRequest, TResponse> call, Exception thrown)
    {
        if (Volatile.Read(ref end) is { } known)
        {
            return known;
        }

        if (thrown is not RpcException e)
        {
            loop.StopAttempt(entry!);
            End(CallEnd.Of(StatusCode.Internal, $"the call of {method.FullName} broke: {thrown.Message}", thrown));
        }
        else if (e is { StatusCode: StatusCode.Unavailable or StatusCode.Internal, Status.DebugException: not null } && !WasTaken(call))
        {
            // The connection, not the method: what that means for the call is known when its worker was observed dead, or has said that the call never came.
            loop.StopAttempt(entry!);
            End(await verdict.Task.ConfigureAwait(false));
        }
        else
        {
            Answered(call, e.Status);
        }

        return end!;
    }

    /// <summary>The endpoint, or gRPC itself, has said how the call ended.</summary>
    private void Answered(AsyncDuplexStreamingCall<TRequest, TResponse> call, Status status)
    {
        Metadata trailers;
        try
        {
            trailers = call.GetTrailers();
        }
        catch (InvalidOperationException)
        {
            trailers = [];
        }

        End(CallEnd.Of(status, WithoutOurs(trailers)));
        if (trailers.Get(CallPlace.SequenceName) is null)
        {
            // It was not taken, or ended on the way: nobody else will tell the dispatcher.
            loop.StopAttempt(entry!);
        }
    }

    private static bool WasTaken(AsyncDuplexStreamingCall<TRequest, TResponse> call)
    {
        try
        {
            return call.GetTrailers().Get(CallPlace.SequenceName) is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static Metadata WithoutOurs(Metadata metadata)
    {
        Metadata theirs = [];
        foreach (var item in metadata)
        {
            if (!CallPlace.IsOurs(item.Key))
            {
                theirs.Add(item);
            }
        }

        return theirs;
    }

    private CallEnd Ended(string what) => end ?? throw new InvalidOperationException($"Unable to get {what} because the call is not complete.");
}
