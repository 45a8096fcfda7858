using System.Collections.Concurrent;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// The task endpoint for a pool in the same process. Sessions only, without HTTP/2 and Kestrel, but with the same frames: whatever a
/// payload would become on its way to another process it becomes here. Thread-safe.
/// </summary>
internal sealed class InProcessEndpoint(WorkerCore core, WorkerTap? tap) : CallInvoker
{
    private readonly ConcurrentDictionary<InProcessSession, Task> sessions = new();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (method.ServiceName != TaskEndpoint.Descriptor.FullName || method.Name != nameof(TaskEndpoint.TaskEndpointClient.OpenSession))
        {
            throw NotHere(method);
        }

        var session = new InProcessSession(tap);
        var call = new InProcessCall<TRequest, TResponse>(session, method);
        using (ExecutionContext.SuppressFlow())
        {
            sessions[session] = Task.Run(() => ServeAsync(session));
        }

        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call,
            call,
            Task.FromResult(Metadata.Empty),
            static () => Status.DefaultSuccess,
            static () => Metadata.Empty,
            () => session.Abandon(new OperationCanceledException("the pool has ended the call")));
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw NotHere(method);

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw NotHere(method);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw NotHere(method);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw NotHere(method);

    /// <summary>No outcome leaves any more; those that have left arrive.</summary>
    public void CutTowardsPool()
    {
        foreach (var session in sessions.Keys)
        {
            session.CutTowardsPool();
        }
    }

    /// <summary>Every session ends now, and what its tasks still run is asked to stop.</summary>
    public void Cut()
    {
        foreach (var session in sessions.Keys)
        {
            session.Abandon(new IOException("the connection was lost"));
        }
    }

    private async Task ServeAsync(InProcessSession session)
    {
        var status = Status.DefaultSuccess;
        try
        {
            await new TaskSession(core.Named, session, session, session.CutTowardsPool).RunAsync(session.Ended).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            status = e.Status;
        }
        catch (Exception e)
        {
            status = new Status(StatusCode.Cancelled, $"the session was broken off: {e.Message}", e);
        }

        session.End(status);
        sessions.TryRemove(session, out _);
    }

    private RpcException NotHere(IMethod method) => new(new Status(
        StatusCode.Unimplemented,
        $"worker {core.Worker} runs in the process of its pool and has no connection of its own for {method.FullName}; it takes tasks only. A pool of processes has"));
}
