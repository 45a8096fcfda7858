using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace WorkerHost.Worker;

/// <summary>A unary method of a user's gRPC service as a task: called in a lane, with everything that a task has.</summary>
internal sealed class UnaryMethodHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    UnaryServerMethod<TService, TRequest, TResponse> invoke,
    MethodService<TService> service,
    Interceptor[] interceptors)
    : TaskHandler(TaskTable.Checked(method.FullName), [WorkerHost.ContentType.Protobuf]), IMethodHandler
    where TService : class
    where TRequest : class
    where TResponse : class
{
    public IMethod Method => method;

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        var contentType = run.ContentType;
        if (!Is(contentType, WorkerHost.ContentType.Protobuf))
        {
            throw UnknownContentType(contentType.Length == 0 ? WorkerHost.ContentType.Json : contentType);
        }

        var request = Read(run.Payload.Memory);
        var context = new MethodContext(run, cancellationToken);
        try
        {
            var response = Call(run, request, context);
            var status = context.Status;
            if (status.StatusCode != StatusCode.OK)
            {
                throw new RpcException(status);
            }

            // The words are grpc-dotnet's.
            var bytes = Write(response ?? throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method.")));
            run.Answer = context.Answer(Status.DefaultSuccess);
            return run.Answer is { StatusCode: not 0 } tooLarge ? throw new RpcException(new Status((StatusCode)tooLarge.StatusCode, tooLarge.StatusDetail)) : new TaskResult(bytes, WorkerHost.ContentType.Protobuf);
        }
        catch (RpcException e)
        {
            run.Answer = context.Answer(e.Status, e.Trailers);
            throw;
        }
        catch (Exception)
        {
            run.Answer = context.Answer(Status.DefaultSuccess);
            throw;
        }

        ByteString Write(TResponse response)
        {
            ReadOnlyMemory<byte> bytes;
            try
            {
                bytes = PayloadWriter.Write(method.ResponseMarshaller, response);
            }
            catch (Exception e)
            {
                throw new ResultNotWritableException(e);
            }

            return bytes.Length <= run.MaxMessageBytes
                ? Wrap(bytes)
                : throw new RpcException(new Status(
                    StatusCode.ResourceExhausted, $"the response of {Name} has {bytes.Length} bytes; {run.MaxMessageBytes} are allowed (MaxMessageBytes of the pool's options)"));
        }
    }

    public void Serve(ServiceMethodProviderContext<MethodEndpoint> context) => MethodEndpoint.AddUnary(context, method);

    public override void Close(HandlerServices services) => service.Close(services);

    private TRequest Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return PayloadReader.Read(method.RequestMarshaller, payload);
        }
        catch (Exception e)
        {
            throw new BadInputException($"the payload of {Name} is not a {typeof(TRequest).Name}: {RemoteErrors.MessageOf(e)}", e);
        }
    }

    private TResponse? Call(TaskRun run, TRequest request, MethodContext context)
    {
        var instance = service.Of(run);
        try
        {
            var task = interceptors.Length == 0 ? invoke(instance, request, context) : Intercepted(instance)(request, context);
            return Wait(new ValueTask<TResponse>(task));
        }
        finally
        {
            service.Release(instance);
        }
    }

    private UnaryServerMethod<TRequest, TResponse> Intercepted(TService instance) => InterceptorChain.Around<UnaryServerMethod<TRequest, TResponse>>(
        interceptors, (request, context) => invoke(instance, request, context), static (interceptor, inner) => (request, context) => interceptor.UnaryServerHandler(request, context, inner));
}
