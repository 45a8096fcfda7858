using Grpc.Health.V1;
using Grpc.Reflection;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What server reflection shows: the host's own services. The messages of the workers' methods are known to nobody here.</summary>
internal static class Reflected
{
    private static readonly Google.Protobuf.Reflection.ServiceDescriptor[] Own =
    [
        TaskEndpoint.Descriptor,
        Health.Descriptor,
    ];

    public static ReflectionV1ServiceImpl V1 { get; } = new(Own);

    public static ReflectionServiceImpl V1Alpha { get; } = new(Own);
}
