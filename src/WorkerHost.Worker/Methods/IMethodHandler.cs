using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace WorkerHost.Worker;

/// <summary>A handler that is a method of a gRPC service.</summary>
internal interface IMethodHandler
{
    IMethod Method { get; }

    /// <summary>Offers it at the worker's port under its own name.</summary>
    void Serve(ServiceMethodProviderContext<MethodEndpoint> context);
}
