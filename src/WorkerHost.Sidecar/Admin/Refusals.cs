using Grpc.Core;
using Grpc.Core.Interceptors;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Admin;

/// <summary>Makes statuses of what goes wrong with a request of an operator's.</summary>
internal sealed class Refusals : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception e) when (StatusOf(e, context) is { } status)
        {
            throw new RpcException(status);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (StatusOf(e, context) is { } status)
        {
            throw new RpcException(status);
        }
    }

    public static RpcException NotFound(string message) => new(new Status(StatusCode.NotFound, message));

    public static RpcException BadInput(string message) => new(new Status(StatusCode.InvalidArgument, message));

    public static RpcException NotNow(string message) => new(new Status(StatusCode.FailedPrecondition, message));

    /// <summary>Null: it has one, or is a defect of ours.</summary>
    private static Status? StatusOf(Exception exception, ServerCallContext context) => exception switch
    {
        NoSuchPoolException nowhere => nowhere.Status,
        WorkerRestartException => new Status(StatusCode.FailedPrecondition, exception.Message),
        ObjectDisposedException => new Status(StatusCode.Unavailable, "the pool is stopping"),
        OperationCanceledException when context.CancellationToken.IsCancellationRequested => new Status(
            context.Deadline != DateTime.MaxValue ? StatusCode.DeadlineExceeded : StatusCode.Cancelled,
            "nobody waits any more; what was asked for goes on"),
        _ => null,
    };
}
