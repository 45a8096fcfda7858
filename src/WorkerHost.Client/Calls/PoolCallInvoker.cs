using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>gRPC calls as tasks of a pool: a generated client over it does not know the difference. Thread-safe.</summary>
internal sealed class PoolCallInvoker(WorkerPool pool, TaskOptions options) : CallInvoker
{
    /// <summary>Which of several callers of the pool makes these calls; null: nobody in particular.</summary>
    public CallerShare? Share { get; init; }

    /// <summary>The calls came from a client elsewhere.</summary>
    public bool IsHosted { get; init; }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Begin(method, options, request);
        return call.Task.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        UnaryCall<TResponse>.Show(Begin(method, options, request));

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = BeginStream(method, options, request);
        return new AsyncServerStreamingCall<TResponse>(
            call, Of<TRequest, TResponse>.Headers, Of<TRequest, TResponse>.Status, Of<TRequest, TResponse>.Trailers, Of<TRequest, TResponse>.Dispose, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = BeginStream(method, options, null);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            call, call.ResponseAsync(), Of<TRequest, TResponse>.Headers, Of<TRequest, TResponse>.Status, Of<TRequest, TResponse>.Trailers, Of<TRequest, TResponse>.Dispose, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = BeginStream(method, options, null);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call, call, Of<TRequest, TResponse>.Headers, Of<TRequest, TResponse>.Status, Of<TRequest, TResponse>.Trailers, Of<TRequest, TResponse>.Dispose, call);
    }

    private StreamedCall<TRequest, TResponse> BeginStream<TRequest, TResponse>(Method<TRequest, TResponse> method, in CallOptions call, TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        var streamed = pool.NewCall(method, call, request);
        try
        {
            CallMetadata.ThrowIfUnsendable(call.Headers);
        }
        catch (FormatException e)
        {
            streamed.End(CallEnd.Of(StatusCode.Internal, $"Error starting gRPC call. {e.GetType().Name}: {e.Message}", e));
            return streamed;
        }

        Submit(streamed, method.FullName, default, call);
        return streamed;
    }

    private UnaryCall<TResponse> Begin<TRequest, TResponse>(Method<TRequest, TResponse> method, in CallOptions call, TRequest request)
        where TRequest : class
        where TResponse : class
    {
        var unary = pool.NewCall(method.ResponseMarshaller);
        ReadOnlyMemory<byte> payload;
        try
        {
            CallMetadata.ThrowIfUnsendable(call.Headers);
            payload = PayloadWriter.Write(method.RequestMarshaller, request);
        }
        catch (Exception e)
        {
            unary.End(CallEnd.Of(StatusCode.Internal, $"Error starting gRPC call. {e.GetType().Name}: {e.Message}", e));
            return unary;
        }

        Submit(unary, method.FullName, payload, call);
        return unary;
    }

    private void Submit(ISubmittedCall call, string method, ReadOnlyMemory<byte> payload, in CallOptions said)
    {
        if (said.CancellationToken.IsCancellationRequested)
        {
            call.End(CallEnd.Cancelled);
        }
        else if (CallTerms.Of(options, said, pool.Time) is { } terms)
        {
            pool.SubmitCall(this, call, method, payload, terms, said.IsWaitForReady, said.CancellationToken);
        }
        else
        {
            call.End(CallEnd.Expired);
        }
    }

    /// <summary>How gRPC's call objects ask a streaming call.</summary>
    private static class Of<TRequest, TResponse>
        where TRequest : class
        where TResponse : class
    {
        public static readonly Func<object, Task<Metadata>> Headers = static call => ((StreamedCall<TRequest, TResponse>)call).HeadersAsync();

        public static readonly Func<object, Status> Status = static call => ((StreamedCall<TRequest, TResponse>)call).Status;

        public static readonly Func<object, Metadata> Trailers = static call => ((StreamedCall<TRequest, TResponse>)call).Trailers;

        public static readonly Action<object> Dispose = static call => ((StreamedCall<TRequest, TResponse>)call).Dispose();
    }
}
