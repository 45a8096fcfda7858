using Grpc.Net.Client;

namespace WorkerHost.Tests;

/// <summary>The service in a worker of a pool, and the same service as everybody hosts it.</summary>
public sealed class BothHosts : IAsyncLifetime
{
    public const int MaxMessageBytes = 1 << 20;

    private AspNetHost raw = null!;
    private GrpcChannel port = null!;

    public WorkerPool Pool { get; private set; } = null!;

    public Grpc.Core.CallInvoker OfPool => Pool.CreateCallInvoker();

    public Grpc.Core.CallInvoker OfChannel => raw.Channel.CreateCallInvoker();

    public Grpc.Core.CallInvoker OfWorkersPort => port.CreateCallInvoker();

    public async ValueTask InitializeAsync()
    {
        raw = await AspNetHost.StartAsync(MaxMessageBytes);
        Pool = await TestPool.StartAsync(TestPool.Options(workers: 2) with { MaxMessageBytes = MaxMessageBytes });
        port = AspNetHost.ChannelTo(Pool.Workers[0].Address!.LocalPath, MaxMessageBytes);
    }

    public async ValueTask DisposeAsync()
    {
        port.Dispose();
        await Pool.DisposeAsync();
        await raw.DisposeAsync();
    }
}
