using System.Collections.Immutable;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>The listeners for those who have tasks done: gRPC on a Unix socket, gRPC over TCP and HTTP/1.1 where the settings say so.</summary>
internal sealed class DataPlane : IAsyncDisposable
{
    private readonly List<DataServer> servers = [];
    private readonly PoolEndpoints endpoints;
    private readonly PoolHealth health;
    private readonly TlsFiles? tls;

    private DataPlane(PoolEndpoints endpoints, PoolHealth health, TlsFiles? tls)
    {
        this.endpoints = endpoints;
        this.health = health;
        this.tls = tls;
    }

    /// <summary>Where it listens for gRPC, as clients write it: <c>unix:///path</c> first, then <c>http://127.0.0.1:7070</c> or <c>https://…</c>.</summary>
    public ImmutableArray<string> Addresses { get; private set; } = [];

    /// <summary>Where it listens for HTTP/1.1, as <c>http://127.0.0.1:7071</c>; null: nowhere.</summary>
    public string? HttpAddress { get; private set; }

    /// <summary>Returns when it listens.</summary>
    /// <param name="settings">Checked. Its socket is not looked at.</param>
    /// <param name="socket">The path of the Unix socket. What a host that is gone has left there is removed.</param>
    /// <param name="endpoints">What stands behind it.</param>
    /// <param name="loggers">For what is wrong with connections and calls.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot listen there, or a file of the settings cannot be read; says which.</exception>
    public static async Task<DataPlane> StartAsync(
        DataSettings settings, string socket, PoolEndpoints endpoints, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var (token, tls) = (TokenFile.Of(settings, "data"), TlsListening.Read(settings, "data"));
        var peers = new PeerPolicy("this host", token, loggers.CreateLogger<PeerPolicy>());
        var health = new PoolHealth(endpoints.Pools, loggers.CreateLogger<PoolHealth>());
        var plane = new DataPlane(endpoints, health, tls);
        try
        {
            var listeners = new DataListeners(settings, peers, tls, new ConnectionLimit(settings.MaxConnections, "data:maxConnections", time, loggers.CreateLogger<ConnectionLimit>()));
            if (tls?.Authorities is null && token is null && (settings.Tcp ?? settings.Http) is { } open)
            {
                throw new IOException($"nobody may listen at {open}: neither data:tokenFile nor data:tls:clientAuthority says who may come in");
            }

            StaleSocket.Remove(socket, "data:socket");
            await plane.AddAsync(listeners.Local(socket), listeners.Sockets, settings, peers, loggers, cancellationToken).ConfigureAwait(false);
            PlaneServer.Protect(socket);
            if (settings.Tcp is not null || settings.Http is not null)
            {
                await plane.AddAsync(listeners.Remote(), listeners.Sockets, settings, peers, loggers, cancellationToken).ConfigureAwait(false);
            }

            plane.Addresses = listeners.Addresses;
            plane.HttpAddress = listeners.HttpAddress;
            return plane;
        }
        catch
        {
            await plane.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Nothing new is taken, and health says so; what was accepted is answered.</summary>
    public void Drain()
    {
        health.Drain();
        endpoints.Drain();
    }

    /// <summary>Lets answers reach the wire, and closes what is still open.</summary>
    public async ValueTask DisposeAsync()
    {
        health.Drain();
        await Task.WhenAll(servers.Select(static server => server.DisposeAsync().AsTask())).ConfigureAwait(false);
        await health.DisposeAsync().ConfigureAwait(false);
        tls?.Dispose();
    }

    private async Task AddAsync(
        Action<KestrelServerOptions> listen, ListenSockets sockets, DataSettings settings, PeerPolicy peers, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var server = new DataServer(listen, sockets, settings, peers, endpoints, health, loggers);
        servers.Add(server);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
    }
}
