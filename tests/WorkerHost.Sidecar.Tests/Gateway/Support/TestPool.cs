using WorkerHost.Sidecar.Tests.Gateway;

namespace WorkerHost.Tests;

/// <summary>What the calls that must look the same everywhere need of a test.</summary>
internal static class TestPool
{
    public static readonly TimeSpan Patience = Eventually.Patience;

    public static string NewPath() => Path.Combine(Path.GetTempPath(), $"workerhost-test-{Guid.NewGuid():n}");
}

/// <summary>The service in a worker behind a host, and the same service as everybody hosts it.</summary>
public sealed class BothHosts : IAsyncLifetime
{
    public const int MaxMessageBytes = 1 << 20;

    private AspNetHost raw = null!;
    private Grpc.Net.Client.GrpcChannel port = null!;

    public HostUnderTest Host { get; private set; } = null!;

    public Grpc.Core.CallInvoker OfChannel => raw.Channel.CreateCallInvoker();

    public Grpc.Core.CallInvoker OfHost => port.CreateCallInvoker();

    public async ValueTask InitializeAsync()
    {
        raw = await AspNetHost.StartAsync(MaxMessageBytes);
        var pool = await WorkerPool.StartAsync(
            Sidecar.Tests.TestWorker.Command, new EmbeddedPoolOptions { Name = "images", Workers = 2, MaxMessageBytes = MaxMessageBytes }, TestContext.Current.CancellationToken);
        Host = await HostUnderTest.StartAsync(new Sidecar.Configuration.DataSettings(), new Sidecar.Hosting.HostedPool("images", pool));
        port = AspNetHost.ChannelTo(Host.SocketPath, MaxMessageBytes);
    }

    public async ValueTask DisposeAsync()
    {
        port.Dispose();
        await Host.DisposeAsync();
        await raw.DisposeAsync();
    }
}
