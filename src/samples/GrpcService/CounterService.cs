using Grpc.Core;
using WorkerHost.Samples.V1;

namespace WorkerHost.Samples;

/// <summary>A service as everybody writes it; nothing in it knows of workers.</summary>
internal sealed class CounterService : Counter.CounterBase
{
    public override Task<Counted> Count(Line request, ServerCallContext context) => request.Text.Length > 0
        ? Task.FromResult(new Counted { Words = request.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length })
        : throw new RpcException(new Status(StatusCode.InvalidArgument, "there is nothing to count"));
}
