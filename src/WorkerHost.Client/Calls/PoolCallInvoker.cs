using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>gRPC calls as tasks of a pool: a generated client over it does not know the difference. Thread-safe.</summary>
internal sealed class PoolCallInvoker(WorkerPool pool, TaskOptions options) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Begin(method, options, request);
        return call.Task.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        UnaryCall<TResponse>.Show(Begin(method, options, request));

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

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

        if (call.CancellationToken.IsCancellationRequested)
        {
            unary.End(CallEnd.Cancelled);
        }
        else if (CallTerms.Of(options, call, pool.Time) is { } terms)
        {
            pool.SubmitCall(unary, method.FullName, payload, terms, call.IsWaitForReady, call.CancellationToken);
        }
        else
        {
            unary.End(CallEnd.Expired);
        }

        return unary;
    }
}
