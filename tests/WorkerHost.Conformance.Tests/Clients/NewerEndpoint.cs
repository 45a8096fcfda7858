using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Conformance.Tests;

/// <summary>A host that speaks versions 7 to 9.</summary>
internal sealed class NewerEndpoint : TaskEndpoint.TaskEndpointBase
{
    public override Task<DescribeResponse> Describe(DescribeRequest request, ServerCallContext context) =>
        Task.FromResult(new DescribeResponse { MinProtocol = 7, MaxProtocol = 9, Capabilities = { "session" }, Concurrency = 1, HostInstance = "newer" });

    public override async Task OpenSession(IAsyncStreamReader<SessionRequest> requestStream, IServerStreamWriter<SessionResponse> responseStream, ServerCallContext context)
    {
        await requestStream.MoveNext(context.CancellationToken);
        var hello = requestStream.Current.Hello;
        throw new RpcException(new Status(StatusCode.FailedPrecondition, $"no common protocol version: the client speaks {hello.MinProtocol} to {hello.MaxProtocol}, this host 7 to 9"));
    }
}
