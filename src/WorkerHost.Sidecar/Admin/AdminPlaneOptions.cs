using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace WorkerHost.Sidecar.Admin;

/// <summary>Where the admin plane listens and who may talk to it. What the settings say, checked before.</summary>
internal sealed record AdminPlaneOptions
{
    /// <summary>The path of the Unix socket for gRPC, at most 107 bytes; nothing is there. Our own user and root may connect.</summary>
    public required string Socket { get; init; }

    /// <summary>gRPC over TCP, HTTP/2; port 0: one that is free. Null: none.</summary>
    public IPEndPoint? Tcp { get; init; }

    /// <summary>The pages over HTTP/1.1; port 0: one that is free. Null: none.</summary>
    public IPEndPoint? Http { get; init; }

    /// <summary>What peers over TCP show as <c>authorization: Bearer TOKEN</c>. Null only where there is no TCP, or <see cref="TlsIdentifiesPeers"/>.</summary>
    public string? Token { get; init; }

    /// <summary>Encrypts the TCP listeners. Null: they are not encrypted, and stay on the loopback interface.</summary>
    public Action<ListenOptions>? Tls { get; init; }

    /// <summary><see cref="Tls"/> lets only peers with a certificate of ours connect.</summary>
    public bool TlsIdentifiesPeers { get; init; }

    /// <summary>Another one with every start of the host.</summary>
    public string HostInstance { get; init; } = "";

    /// <summary>When the host was started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Reads the configuration again and applies it. Null: this host cannot.</summary>
    public Func<CancellationToken, Task<ReloadResult>>? Reload { get; init; }

    /// <exception cref="ArgumentException">A TCP listener that anybody could use.</exception>
    public void ThrowIfOpenToAnybody()
    {
        foreach (var end in new[] { Tcp, Http })
        {
            if (end is not null && Token is null && !TlsIdentifiesPeers)
            {
                throw new ArgumentException($"the admin plane would listen at {end} for everybody; it needs a token or a client authority (tokenFile, tls:clientAuthority)");
            }

            if (end is not null && Tls is null && !IPAddress.IsLoopback(end.Address))
            {
                throw new ArgumentException($"the admin plane would listen at {end}, beyond this machine, without TLS (tls)");
            }
        }
    }
}
