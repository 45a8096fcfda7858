using System.Collections.Immutable;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost.Sidecar.Admin.Metrics;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Admin;

/// <summary>
/// The listeners for operators, apart from those for tasks: gRPC (<c>SupervisorAdmin</c>) on a Unix socket and perhaps over TCP, and
/// the pages <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c> over HTTP/1.1. It asks nobody who may be stuck: whatever becomes of
/// workers and pools, it answers.
/// </summary>
internal sealed class AdminPlane : IAsyncDisposable
{
    // Over TCP: operators, probes and scrapers, not clients. The Unix socket is never full.
    private const int MostConnections = 200;

    // Of somebody who is gone without a word.
    private static readonly TimeSpan SilenceBeforePing = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication server;
    private readonly HostPages pages;
    private readonly MetricsListener metrics;
    private readonly CancellationTokenSource stopping;
    private int disposed;

    private AdminPlane(WebApplication server, HostPages pages, MetricsListener metrics, CancellationTokenSource stopping, AdminPlaneOptions options)
    {
        this.server = server;
        this.pages = pages;
        this.metrics = metrics;
        this.stopping = stopping;
        var bound = server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
            .Where(static address => !address.Contains("://unix:", StringComparison.Ordinal))
            .ToImmutableArray();
        Addresses = [$"unix://{options.Socket}", .. options.Tcp is null ? [] : new[] { bound[0] }];
        HttpAddress = options.Http is null ? null : bound[^1];
    }

    /// <summary>Where gRPC is spoken, as clients write it: with the ports that were taken.</summary>
    public ImmutableArray<string> Addresses { get; }

    /// <summary>Below which the pages are; null: nowhere but at <see cref="Addresses"/>, by HTTP/2.</summary>
    public string? HttpAddress { get; }

    /// <summary>Returns when it listens.</summary>
    /// <param name="pools">What there is to tell and to do.</param>
    /// <param name="options">Where, and for whom.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">For what is wrong with connections and calls.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">A TCP listener that anybody could use.</exception>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static async Task<AdminPlane> StartAsync(
        HostedPools pools, AdminPlaneOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        options.ThrowIfOpenToAnybody();
        var stopping = new CancellationTokenSource();
        var peers = new PeerPolicy("the admin plane (admin:tokenFile)", options.Token, loggers.CreateLogger("WorkerHost.Admin"));
        var connections = new ConnectionLimit(MostConnections, "the admin plane has no setting for it", time, loggers.CreateLogger<ConnectionLimit>());
        var sockets = new ListenSockets();
        var metrics = new MetricsListener();
        var pages = new HostPages(pools, peers, metrics, time);
        var builder = PlaneServer.NewBuilder(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(static grpc => grpc.Interceptors.Add<Refusals>());
        builder.Services.AddSingleton(new SupervisorAdminService(pools, pages, options, time, stopping.Token));
        sockets.AddTo(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options, peers, connections, sockets));
        var server = builder.Build();
        server.Use(next => context => Answer(context, next, pages, peers));
        server.MapGrpcService<SupervisorAdminService>();
        try
        {
            metrics.Start();
            StaleSocket.Remove(options.Socket, "admin:socket");
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
            PlaneServer.Protect(options.Socket);
            return new AdminPlane(server, pages, metrics, stopping, options);
        }
        catch
        {
            metrics.Dispose();
            stopping.Dispose();
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>From now on the host is not ready, whatever its pools are: whoever sends it work should look for another.</summary>
    /// <param name="reason">Why, for <c>/readyz</c> and whoever asks for an explanation.</param>
    public void BeginStop(string reason) => pages.StoppingBecause = $"the host is stopping: {reason}";

    /// <summary>Ends watches, lets answers reach the wire, and closes what is still open after 2 s.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        await PlaneServer.EndAsync(server).ConfigureAwait(false);
        metrics.Dispose();
        stopping.Dispose();
    }

    private static Task Answer(HttpContext context, RequestDelegate next, HostPages pages, PeerPolicy peers)
    {
        var isPage = pages.Handles(context.Request.Path);
        var visit = context.Features.Get<ConnectionLimit.Visit>();
        if (peers.Admits(context))
        {
            visit?.Admitted();
        }
        else if (!isPage)
        {
            visit?.Refused();
        }
        else if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            // Everybody may ask how the host is, and nobody keeps a place by it: the connection would be closed in the middle of a later question.
            context.Response.Headers.Connection = "close";
        }

        return isPage ? pages.AnswerAsync(context) : Admit(context, next, peers);
    }

    private static Task Admit(HttpContext context, RequestDelegate next, PeerPolicy peers)
    {
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync($"there is {HostPages.Names} here, and gRPC at the address of admin:tcp or admin:socket\n", context.RequestAborted);
        }

        return peers.Admits(context) ? next(context) : GrpcMethods.Refuse(context, Grpc.Core.StatusCode.Unauthenticated, peers.Demand);
    }

    private static void Configure(KestrelServerOptions kestrel, AdminPlaneOptions options, PeerPolicy peers, ConnectionLimit connections, ListenSockets sockets)
    {
        kestrel.AddServerHeader = false;

        // Watches are silent for as long as nothing happens.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.RequestHeadersTimeout = PlaneServer.HeadersWithin;
        kestrel.Limits.Http2.KeepAlivePingDelay = SilenceBeforePing;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingTimeout;
        sockets.Want(new UnixDomainSocketEndPoint(options.Socket), "admin:socket");
        kestrel.ListenUnixSocket(options.Socket, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(peers.Guard);
        });
        if (options.Tcp is { } tcp)
        {
            sockets.Want(tcp, "admin:tcp");
            kestrel.Listen(tcp, listen => Over(listen, HttpProtocols.Http2, connections, options.Tls));
        }

        if (options.Http is { } http)
        {
            sockets.Want(http, "admin:http");
            kestrel.Listen(http, listen => Over(listen, HttpProtocols.Http1, connections, options.Tls));
        }
    }

    private static void Over(ListenOptions listen, HttpProtocols protocols, ConnectionLimit connections, Action<ListenOptions>? tls)
    {
        listen.Protocols = protocols;
        listen.Use(connections.OfUnknown);
        tls?.Invoke(listen);
    }
}
