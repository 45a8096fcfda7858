using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// The methods of the worker's own three services, told to Grpc.AspNetCore by the code that Grpc.Tools generates. It would find them by itself, by
/// reflection over each service, which costs a start more than everything else behind the runtime's own.
/// </summary>
internal sealed class OwnMethods(TaskEndpoint.TaskEndpointBase endpoint, WorkerControl.WorkerControlBase control, Health.HealthBase health) : IServiceMethodProvider<OwnMethods>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OwnMethods> context)
    {
        var binder = new Binder(context);
        TaskEndpoint.BindService(binder, endpoint);
        WorkerControl.BindService(binder, control);
        Health.BindService(binder, health);
    }

    private sealed class Binder(ServiceMethodProviderContext<OwnMethods> methods) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            methods.AddUnaryMethod(method, [], (_, request, context) => handler!(request, context));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
            methods.AddServerStreamingMethod(method, [], (_, request, responses, context) => handler!(request, responses, context));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
            methods.AddClientStreamingMethod(method, [], (_, requests, context) => handler!(requests, context));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
            methods.AddDuplexStreamingMethod(method, [], (_, requests, responses, context) => handler!(requests, responses, context));
    }
}
