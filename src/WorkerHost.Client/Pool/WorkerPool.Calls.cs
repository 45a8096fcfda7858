using Grpc.Core;

namespace WorkerHost;

/// <summary>Calling gRPC methods.</summary>
public sealed partial class WorkerPool
{
    internal TimeProvider Time => options.TimeProvider;

    /// <summary>
    /// For a client that Grpc.Tools generates: <c>new Thumbnailer.ThumbnailerClient(pool.CreateCallInvoker())</c>. A unary call is a task named by
    /// its method, <c>/images.v1.Thumbnailer/Make</c>, which the workers know after <c>worker.MapGrpcService&lt;ThumbnailerService&gt;()</c>, and rides the pool's
    /// sessions with everything that tasks have. Its deadline is the task's time limit, its cancellation the task's; <c>WithWaitForReady</c> waits for a place in
    /// a full queue. Metadata, status and trailers arrive as from a channel. What the pool has to say is an <see cref="RpcException"/>
    /// whose inner exception is the <see cref="TaskException"/>, and whose trailer <c>grpc-status-details-bin</c> has the same.
    /// A streaming call goes to one worker, in whose lane it runs as a task does, and is not tried again.
    /// Call credentials, compression and the host are ignored. Thread-safe, and may be kept for as long as the pool.
    /// </summary>
    /// <param name="options">
    /// What holds for every call: whether methods are idempotent, priority, attempts; a time limit holds beside a call's deadline, headers beside a call's. Null: the defaults.
    /// Make several invokers where methods differ; they cost nothing.
    /// </param>
    /// <exception cref="ArgumentException">The options have an id, or cannot be used.</exception>
    public CallInvoker CreateCallInvoker(TaskOptions? options = null)
    {
        options ??= TaskOptions.Default;
        options.Validate();
        if (options.Id is not null)
        {
            throw new ArgumentException("TaskOptions.Id names one task, and these are options for every call; leave it out", nameof(options));
        }

        if (retries.Objection(options) is { } objection)
        {
            throw new ArgumentException(objection, nameof(options));
        }

        return new Client.PoolCallInvoker(this, options);
    }

    /// <summary>The same for calls that a host makes for one of its clients.</summary>
    /// <param name="options">Without an id, and checked.</param>
    /// <param name="share">Which of several clients it is of. Made for this pool.</param>
    internal CallInvoker CreateCallInvokerFor(TaskOptions options, Client.CallerShare? share) => new Client.PoolCallInvoker(this, options) { Share = share, IsHosted = true };

    internal Client.UnaryCall<TResponse> NewCall<TResponse>(Marshaller<TResponse> marshaller) => new(loop, identity, marshaller);

    internal Client.StreamedCall<TRequest, TResponse> NewCall<TRequest, TResponse>(Method<TRequest, TResponse> method, in CallOptions call, TRequest? request)
        where TRequest : class
        where TResponse : class => new(loop, identity, method, call, request);

    /// <summary>Submits the call's task. Whatever becomes of it is told by the call.</summary>
    internal void SubmitCall(
        Client.PoolCallInvoker caller, Client.ISubmittedCall call, string method, ReadOnlyMemory<byte> payload, TaskOptions terms, bool wait, CancellationToken cancellationToken)
    {
        var entry = new Client.TaskEntry(Interlocked.Increment(ref lastNumber), method, terms, payload, ContentType.Protobuf, AttemptsOf(terms))
        {
            Share = caller.Share,
            Completion = call,
            Call = call as Client.IStreamedCall,
        };
        call.Begins(entry);
        if (payload.Length > options.MaxMessageBytes)
        {
            // gRPC's own status for it, and not that of a payload which cannot be read.
            call.End(Client.CallEnd.Of(StatusCode.ResourceExhausted, $"the request of {method} has {payload.Length} bytes; {options.MaxMessageBytes} are allowed ({options.Names["WorkerPoolOptions.MaxMessageBytes"]})"));
            return;
        }

        if (ObjectionTo(terms, method) is { } objection)
        {
            call.End(Client.CallEnd.Of(StatusCode.InvalidArgument, objection));
            return;
        }

        var pipeline = entry.Call is null ? retries.PipelineOf(terms) : null;
        entry.Trace = Client.TaskTrace.Begin(identity, entry, options.TimeProvider, caller.IsHosted);
        if (wait)
        {
            if (terms.TimeLimit is { } limit && limit.TotalSeconds * Time.TimestampFrequency < long.MaxValue / 2)
            {
                entry.Deadline = Time.GetTimestamp() + (long)(limit.TotalSeconds * Time.TimestampFrequency);
            }

            Unawaited.Observe(SubmitWaitingAsync(call, entry, pipeline, cancellationToken));
            return;
        }

        if (loop.Submit(entry, held: pipeline is not null) is { } refusal)
        {
            Refused(call, entry, refusal);
            return;
        }

        Accepted(call, entry, pipeline, cancellationToken);
    }

    private static string? ObjectionTo(TaskOptions terms, string method) =>
        terms.Headers is { Count: > 0 } headers && ProtocolLimits.HeaderBytesOf(headers) is > ProtocolLimits.MaxHeaderBytes and var bytes
            ? $"the metadata of the call of {method} have {bytes} bytes; {ProtocolLimits.MaxHeaderBytes} are allowed"
            : null;

    private async Task SubmitWaitingAsync(Client.ISubmittedCall call, Client.TaskEntry entry, Polly.ResiliencePipeline? pipeline, CancellationToken cancellationToken)
    {
        using var limit = entry.Options.TimeLimit is { } within && within < TimeSpan.FromDays(24) ? new CancellationTokenSource(within, options.TimeProvider) : new CancellationTokenSource();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        TaskFailure? refusal;
        try
        {
            refusal = await loop.SubmitAsync(entry, held: pipeline is not null, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            entry.Trace?.Ended(Client.AttemptOutcome.Failed(GivenUp));
            call.End(cancellationToken.IsCancellationRequested ? Client.CallEnd.Cancelled : Client.CallEnd.Expired);
            return;
        }

        if (refusal is not null)
        {
            Refused(call, entry, refusal);
            return;
        }

        Accepted(call, entry, pipeline, cancellationToken);
    }

    private void Refused(Client.ISubmittedCall call, Client.TaskEntry entry, TaskFailure refusal)
    {
        Interlocked.Increment(ref refused);
        call.Complete(Client.AttemptOutcome.Failed(refusal));
    }

    private void Accepted(Client.ISubmittedCall call, Client.TaskEntry entry, Polly.ResiliencePipeline? pipeline, CancellationToken cancellationToken)
    {
        if (pipeline is not null)
        {
            retries.Begin(loop, entry, call, pipeline);
        }

        call.CancelWith(cancellationToken);
    }
}
