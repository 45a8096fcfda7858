using System.Diagnostics;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace WorkerHost.Worker;

/// <summary>Kestrel, HTTP/2 only, on the one address of the launch line, with the worker's three gRPC services.</summary>
internal sealed class EndpointServer : IAsyncDisposable
{
    // A session is one stream, but a client without sessions has a stream per call in flight.
    private const int MaxStreams = 10_000;

    // Room for a batch of frames or one large task without a round trip for credit.
    private const int WindowBytes = 8 * 1024 * 1024;

    // Clients close their connections themselves when every stream has ended. One that is slow to read its last results would lose
    // them with the connection (SocketsHttpHandler discards what it has received), so this is for a busy machine, not an idle one.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly ListenAddress address;
    private readonly PeerPolicy peers;
    private readonly TimeProvider time;
    private readonly bool servesMethods;
    private readonly ServiceProvider services;
    private readonly KestrelServer server;
    private readonly HealthServiceImpl health = new();
    private readonly CancellationTokenSource stopping = new();

    public EndpointServer(WorkerCore core, ListenAddress address, PeerPolicy peers, SupervisorPolicy supervisor, ILoggerFactory loggers)
    {
        this.address = address;
        this.peers = peers;
        time = core.Time;
        servesMethods = core.Tasks.Methods.Any();
        services = Services(core, supervisor, loggers);
        server = new KestrelServer(
            Options.Create(Kestrel()),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions { Backlog = 512 }), loggers),
            loggers);
        SetServing(false);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await server.StartAsync(new GrpcApplication(Pipeline(), services), cancellationToken).ConfigureAwait(false);
        if (address.SocketPath is { } path && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>What the standard health service says of this worker.</summary>
    public void SetServing(bool serving)
    {
        var status = serving ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing;
        health.SetStatus("", status);
        health.SetStatus("workerhost.v1.TaskEndpoint", status);
    }

    /// <summary>Ends health watches, lets answers reach the wire, and closes what is still open after a moment.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        using var grace = new CancellationTokenSource(StopGrace, time);
        await server.StopAsync(grace.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        server.Dispose();
        stopping.Dispose();
        await services.DisposeAsync().ConfigureAwait(false);
    }

    private ServiceProvider Services(WorkerCore core, SupervisorPolicy supervisor, ILoggerFactory loggers)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton(loggers);
        collection.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        collection.AddSingleton(new DiagnosticListener("Microsoft.AspNetCore"));
        collection.AddGrpc();
        collection.PostConfigure<GrpcServiceOptions>(options =>
        {
            // A failure of ours may be larger than the smallest message limit a user can set; results are checked before.
            options.MaxSendMessageSize = null;
            options.MaxReceiveMessageSize =
                Math.Max(core.MaxMessageBytes, ProtocolLimits.MaxFrameBytes) + ProtocolLimits.MessageOverheadBytes;

            // Compressed messages are refused: that the limit above holds for what they inflate to as well is grpc-dotnet's affair, and
            // between processes of one machine compression costs more than it saves. (After gRPC's own configuration, which adds gzip
            // and deflate where it finds nothing.)
            options.CompressionProviders.Clear();
        });
        var endpoint = new TaskEndpointService(core.Named);
        var own = new OwnMethods(endpoint, new WorkerControlService(core, supervisor), health);
        collection.RemoveAll(typeof(IServiceMethodProvider<>));
        collection.AddSingleton(own);
        collection.AddSingleton<IServiceMethodProvider<OwnMethods>>(own);
        if (servesMethods)
        {
            collection.AddSingleton(new MethodEndpoint(core));
            collection.AddSingleton<IServiceMethodProvider<MethodEndpoint>>(new MethodEndpoint.Discovery(core.Tasks));
        }

        return collection.BuildServiceProvider();
    }

    private KestrelServerOptions Kestrel()
    {
        var options = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        options.Limits.Http2.InitialConnectionWindowSize = WindowBytes;
        options.Limits.Http2.InitialStreamWindowSize = WindowBytes;

        // Sessions are silent for as long as nobody has work.
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.KeepAliveTimeout = TimeSpan.FromDays(1);
        if (address.SocketPath is { } path)
        {
            options.ListenUnixSocket(path, Configure);
        }
        else
        {
            options.Listen(address.EndPoint!, Configure);
        }

        return options;
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (address.SocketPath is not null)
        {
            listen.Use(peers.Guard);
        }
    }

    private RequestDelegate Pipeline()
    {
        var methods = new GrpcMethods(services);
        methods.MapGrpcService<OwnMethods>();
        if (servesMethods)
        {
            methods.MapGrpcService<MethodEndpoint>();
        }

        var call = methods.Build();
        return context => Admit(context, call);
    }

    private Task Admit(HttpContext context, RequestDelegate next) =>
        !peers.Admits(context) ? GrpcMethods.Refuse(context, StatusCode.Unauthenticated, peers.Demand)
        : context.Request.Path == "/grpc.health.v1.Health/Watch" ? Watch(context, next)
        : next(context);

    // A watch lasts until its client leaves, and would hold up our stop.
    private async Task Watch(HttpContext context, RequestDelegate next)
    {
        using var registration = stopping.Token.UnsafeRegister(static state => ((HttpContext)state!).Abort(), context);
        await next(context).ConfigureAwait(false);
    }
}
