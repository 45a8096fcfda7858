using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace WorkerHost.Worker;

/// <summary>
/// A streaming method of a user's gRPC service: a handler whose messages come and go on a call of its own, while it has a lane as every task has.
/// </summary>
/// <typeparam name="TService">The user's class.</typeparam>
internal abstract class StreamingMethodHandler<TService>(IMethod method, MethodService<TService> service)
    : TaskHandler(TaskTable.Checked(method.FullName), [WorkerHost.ContentType.Protobuf]), IMethodHandler
    where TService : class
{
    public IMethod Method => method;

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        if (run is not ICallRun call)
        {
            throw new BadInputException($"{Name} is a streaming method: its messages do not fit into a task. Call it with its generated client over pool.CreateCallInvoker()");
        }

        var instance = service.Of(run);
        try
        {
            Wait(new ValueTask<bool>(CallAsync(call.Body(instance, new StreamedContext(call.Context, cancellationToken)))));
            return new TaskResult(Google.Protobuf.ByteString.Empty, WorkerHost.ContentType.Protobuf);
        }
        catch (RpcException e)
        {
            // The call itself tells it to the caller; to everybody else it is an answer like that of other methods.
            call.Thrown = e;
            run.Answer = new V1.MethodAnswer { StatusCode = (int)e.StatusCode };
            throw;
        }
        finally
        {
            service.Release(instance);
        }

        static async Task<bool> CallAsync(Task body)
        {
            await body.ConfigureAwait(false);
            return true;
        }
    }

    public abstract void Serve(ServiceMethodProviderContext<MethodEndpoint> context);

    public override void Close(HandlerServices services) => service.Close(services);
}

internal sealed class ServerStreamingMethodHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServerStreamingServerMethod<TService, TRequest, TResponse> invoke, MethodService<TService> service, Interceptor[] interceptors)
    : StreamingMethodHandler<TService>(method, service)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    public override void Serve(ServiceMethodProviderContext<MethodEndpoint> context) => context.AddServerStreamingMethod(
        method, [], (endpoint, request, responses, call) => endpoint.StreamAsync(this, call, (instance, seen) => Intercepted((TService)instance)(request, responses, seen)));

    private ServerStreamingServerMethod<TRequest, TResponse> Intercepted(TService instance) => InterceptorChain.Around<ServerStreamingServerMethod<TRequest, TResponse>>(
        interceptors, (request, responses, context) => invoke(instance, request, responses, context), static (interceptor, inner) => (request, responses, context) => interceptor.ServerStreamingServerHandler(request, responses, context, inner));
}

internal sealed class ClientStreamingMethodHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, ClientStreamingServerMethod<TService, TRequest, TResponse> invoke, MethodService<TService> service, Interceptor[] interceptors)
    : StreamingMethodHandler<TService>(method, service)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    public override void Serve(ServiceMethodProviderContext<MethodEndpoint> context) => context.AddClientStreamingMethod(
        method,
        [],
        async (endpoint, requests, call) =>
        {
            TResponse? response = null;
            await endpoint.StreamAsync(this, call, async (instance, seen) => response = await Intercepted((TService)instance)(requests, seen).ConfigureAwait(false)).ConfigureAwait(false);
            return response!;
        });

    private ClientStreamingServerMethod<TRequest, TResponse> Intercepted(TService instance) => InterceptorChain.Around<ClientStreamingServerMethod<TRequest, TResponse>>(
        interceptors, (requests, context) => invoke(instance, requests, context), static (interceptor, inner) => (requests, context) => interceptor.ClientStreamingServerHandler(requests, context, inner));
}

internal sealed class DuplexStreamingMethodHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TService, TRequest, TResponse> invoke, MethodService<TService> service, Interceptor[] interceptors)
    : StreamingMethodHandler<TService>(method, service)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    public override void Serve(ServiceMethodProviderContext<MethodEndpoint> context) => context.AddDuplexStreamingMethod(
        method, [], (endpoint, requests, responses, call) => endpoint.StreamAsync(this, call, (instance, seen) => Intercepted((TService)instance)(requests, responses, seen)));

    private DuplexStreamingServerMethod<TRequest, TResponse> Intercepted(TService instance) => InterceptorChain.Around<DuplexStreamingServerMethod<TRequest, TResponse>>(
        interceptors, (requests, responses, context) => invoke(instance, requests, responses, context), static (interceptor, inner) => (requests, responses, context) => interceptor.DuplexStreamingServerHandler(requests, responses, context, inner));
}
