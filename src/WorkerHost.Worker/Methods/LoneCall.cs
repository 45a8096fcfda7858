using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A streaming call of somebody without a pool.</summary>
internal sealed class LoneCall(EndpointCore core, RunRequest request, TaskHandler handler, long deadline, Func<object, ServerCallContext, Task> body, ServerCallContext context)
    : UnaryTask(core, request, handler, deadline), ICallRun
{
    public Func<object, ServerCallContext, Task> Body => body;

    public ServerCallContext Context => context;

    public RpcException? Thrown { get; set; }
}
