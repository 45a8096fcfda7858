using System.Net;
using System.Net.Sockets;

namespace WorkerHost.Supervision;

/// <summary>What one incarnation was given.</summary>
internal sealed record LaunchPlan
{
    public required WorkerId Id { get; init; }

    /// <summary>Null where it has none.</summary>
    public required ControlGroup? ControlGroup { get; init; }

    public required IsolationPlan Isolation { get; init; }

    public required Uri Address { get; init; }

    public required IncarnationDirectory Directory { get; init; }

    /// <summary>Null where the address is TCP.</summary>
    public string? SocketPath => Secret is null ? Directory.SocketPath : null;

    /// <summary>Null where the address is a socket.</summary>
    public required string? Secret { get; init; }

    /// <summary>Where it puts its temporary files.</summary>
    public required string TemporaryDirectory { get; init; }

    /// <summary>Where it listens, for a socket.</summary>
    public EndPoint EndPoint => SocketPath is null ? new IPEndPoint(IPAddress.Loopback, Address.Port) : new UnixDomainSocketEndPoint(SocketPath);

    /// <summary>A socket that can be connected to where it listens.</summary>
    public Socket NewSocket() => SocketPath is null
        ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
        : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public string LedgerPath => Directory.LedgerPath;
}
