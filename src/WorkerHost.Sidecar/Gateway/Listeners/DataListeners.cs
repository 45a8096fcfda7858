using System.Collections.Immutable;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;
using ListenAddress = WorkerHost.Sidecar.Configuration.ListenAddress;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// The listeners that the settings ask for: who comes in is known by the kernel's word at the Unix socket, and elsewhere by what he shows. h2c and HTTP/1.1
/// cannot share a port, so each has its own.
/// </summary>
internal sealed class DataListeners(DataSettings settings, PeerPolicy peers, TlsFiles? tls, ConnectionLimit connections)
{
    // Of strangers, too, and each costs some 30 KB until it is refused.
    private const int MaxStreams = 1000;

    private readonly HttpCallers callers = new();
    private readonly List<ListenOptions> grpc = [];
    private ListenOptions? http;

    /// <summary>What binds them.</summary>
    public ListenSockets Sockets { get; } = new();

    /// <summary>Where one listens for gRPC; known when the servers run.</summary>
    public ImmutableArray<string> Addresses => [.. grpc.Select(AddressOf)];

    /// <summary>Null: there is no listener for HTTP/1.1.</summary>
    public string? HttpAddress => http is null ? null : AddressOf(http);

    public Action<KestrelServerOptions> Local(string socket) => options =>
    {
        Sockets.Want(new UnixDomainSocketEndPoint(socket), "data:socket");
        options.ListenUnixSocket(socket, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(connections.OfKnown);
            listen.Use(peers.Guard);
            grpc.Add(listen);
        });
    };

    /// <summary>TCP, where a peer may be gone without a word.</summary>
    public Action<KestrelServerOptions> Remote() => options =>
    {
        options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        options.Limits.Http2.KeepAlivePingDelay = settings.KeepAliveInterval;
        options.Limits.Http2.KeepAlivePingTimeout = settings.KeepAliveTimeout;
        Listen(options, settings.Tcp, "data:tcp", HttpProtocols.Http2, grpc.Add);
        Listen(options, settings.Http, "data:http", HttpProtocols.Http1, listen => http = listen);
    };

    private void Listen(KestrelServerOptions options, string? where, string setting, HttpProtocols protocols, Action<ListenOptions> keep)
    {
        if (where is null)
        {
            return;
        }

        var place = ListenAddress.Parse(where) ?? throw new IOException($"{setting} is '{where}'; allowed: {ListenAddress.Allowed}");
        Sockets.Want(place, setting);
        options.Listen(place, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(connections.OfUnknown);
            if (protocols == HttpProtocols.Http1)
            {
                listen.Use(callers.Tell);
            }

            if (tls is not null)
            {
                listen.UseTls(tls);
            }

            keep(listen);
        });
    }

    private string AddressOf(ListenOptions listen) =>
        listen.SocketPath is { } path ? $"unix://{path}" : $"{(tls is null ? "http" : "https")}://{listen.IPEndPoint}";
}
