using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>Kestrel at one or more listeners of the data plane, and what it does with their requests.</summary>
internal sealed class DataServer : IAsyncDisposable
{
    // A session is one stream, but a client without sessions has a stream per call in flight.
    private const int MaxStreams = 10_000;

    // Room for a batch of frames or one large task without a round trip for credit; and what a peer may have sent that nobody has looked at.
    private const int LargestWindow = 8 * 1024 * 1024;
    private const int SmallestWindow = 2 * ProtocolLimits.MaxFrameBytes;

    private readonly CancellationTokenSource stopping = new();
    private readonly WebApplication server;

    public DataServer(Action<KestrelServerOptions> listen, ListenSockets sockets, DataSettings settings, PeerPolicy peers, PoolEndpoints endpoints, PoolHealth health, ILoggerFactory loggers)
    {
        var builder = PlaneServer.NewBuilder(loggers);
        AddGrpc(builder.Services, endpoints, health);
        sockets.AddTo(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            Limit(options, settings);
            listen(options);
        });
        server = builder.Build();
        server.Run(new DataRequests(server.Services, settings, peers, endpoints, stopping.Token).RunAsync);
    }

    public Task StartAsync(CancellationToken cancellationToken) => server.StartAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await PlaneServer.EndAsync(server).ConfigureAwait(false);
        stopping.Dispose();
    }

    private static void AddGrpc(IServiceCollection services, PoolEndpoints endpoints, PoolHealth health)
    {
        var maxMessageBytes = endpoints.Pools.All.Select(static hosted => hosted.Pool.MaxMessageBytes).DefaultIfEmpty(ProtocolLimits.DefaultMaxMessageBytes).Max();
        services.AddGrpc();
        services.PostConfigure<GrpcServiceOptions>(options =>
        {
            options.MaxSendMessageSize = null;
            options.MaxReceiveMessageSize = Math.Max(maxMessageBytes, ProtocolLimits.MaxFrameBytes) + ProtocolLimits.MessageOverheadBytes;

            // That the limit holds for what they inflate to as well is grpc-dotnet's affair; within one machine compression costs more than it saves.
            options.CompressionProviders.Clear();
        });
        services.AddSingleton(new TaskEndpointService(endpoints.Named));
        services.AddSingleton(health.Service);
        services.AddSingleton(new ForeignMethods(endpoints));
        services.AddSingleton<IServiceMethodProvider<ForeignMethods>, ForeignMethods.Discovery>();
        services.AddSingleton(Reflected.V1);
        services.AddSingleton(Reflected.V1Alpha);
    }

    private static void Limit(KestrelServerOptions options, DataSettings settings)
    {
        options.AddServerHeader = false;
        options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        var window = (int)Math.Clamp(settings.MaxBufferedBytes / settings.MaxConnections, SmallestWindow, LargestWindow);
        options.Limits.Http2.InitialConnectionWindowSize = window;
        options.Limits.Http2.InitialStreamWindowSize = window;
        options.Limits.Http2.MaxRequestHeaderFieldSize = settings.MaxMetadataBytes;
        options.Limits.MaxRequestHeadersTotalSize = settings.MaxMetadataBytes;
        options.Limits.RequestHeadersTimeout = PlaneServer.HeadersWithin;

        // Sessions are silent for as long as nobody has work. What is not a call of gRPC has limits of its own.
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestBodySize = null;
    }
}
