using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace WorkerHost.Worker;

/// <summary>
/// Finds the methods of a user's gRPC service as Grpc.AspNetCore does: through the <c>BindService</c> that Grpc.Tools generates, so that the same
/// class can be mapped here and there.
/// </summary>
internal sealed class ServiceBinding<[DynamicallyAccessedMembers(ServiceBinding.Members)] TService>(TaskTable tasks, Interceptor[] interceptors) : ServiceBinderBase
    where TService : class
{
    private readonly MethodService<TService> service = new();

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, Grpc.Core.UnaryServerMethod<TRequest, TResponse>? handler) =>
        tasks.Add(new UnaryMethodHandler<TService, TRequest, TResponse>(
            method,
            Implementation(method, typeof(TRequest), typeof(ServerCallContext)).CreateDelegate<UnaryServerMethod<TService, TRequest, TResponse>>(),
            service,
            interceptors));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, Grpc.Core.ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        tasks.Add(new ServerStreamingMethodHandler<TService, TRequest, TResponse>(
            method,
            Implementation(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)).CreateDelegate<ServerStreamingServerMethod<TService, TRequest, TResponse>>(),
            service,
            interceptors));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, Grpc.Core.ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        tasks.Add(new ClientStreamingMethodHandler<TService, TRequest, TResponse>(
            method,
            Implementation(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext)).CreateDelegate<ClientStreamingServerMethod<TService, TRequest, TResponse>>(),
            service,
            interceptors));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, Grpc.Core.DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        tasks.Add(new DuplexStreamingMethodHandler<TService, TRequest, TResponse>(
            method,
            Implementation(method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext)).CreateDelegate<DuplexStreamingServerMethod<TService, TRequest, TResponse>>(),
            service,
            interceptors));

    private static MethodInfo Implementation(IMethod method, params Type[] parameters) =>
        typeof(TService).GetMethod(method.Name, parameters) ?? throw new ArgumentException($"{typeof(TService)} has no public method {method.Name} for {method.FullName}");
}

internal static class ServiceBinding
{
    public const DynamicallyAccessedMemberTypes Members = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods;

    /// <exception cref="ArgumentException">It is no gRPC service, cannot be made, or is mapped already.</exception>
    public static void Map<[DynamicallyAccessedMembers(Members)] TService>(TaskTable tasks, Interceptor[] interceptors)
        where TService : class
    {
        if (Find(typeof(TService)) is not { } bind)
        {
            throw new ArgumentException(
                $"{typeof(TService)} is no gRPC service: a class that derives from the generated base is, as in class ThumbnailerService : Thumbnailer.ThumbnailerBase");
        }

        // Without an object: only the methods are wanted, and the objects are made call by call.
        bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [new ServiceBinding<TService>(tasks, interceptors), null], null);
    }

    private static MethodInfo? Find(Type service)
    {
        for (var type = service; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } generated)
            {
                return generated.BindType.GetMethod(
                    generated.BindMethodName, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static, binder: null, [typeof(ServiceBinderBase), type], modifiers: null);
            }
        }

        return null;
    }
}
