using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>Binds what a plane listens at. Where that cannot be, it is said with the setting that wants it and what can be done; Kestrel names an address.</summary>
internal sealed class ListenSockets
{
    private readonly List<(EndPoint Place, string Setting)> wanted = [];

    /// <summary>Before the server starts.</summary>
    /// <param name="place">Where it is to listen.</param>
    /// <param name="setting">What says so, as <c>data:tcp</c>.</param>
    public void Want(EndPoint place, string setting) => wanted.Add((place, setting));

    public void AddTo(IServiceCollection services) =>
        services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = Bind);

    /// <exception cref="ListenException">It cannot be bound.</exception>
    public Socket Bind(EndPoint place)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(place);
        }
        catch (SocketException e)
        {
            // Two that want any free port are the same, and neither fails for its port.
            var setting = wanted.Find(one => one.Place.Equals(place) || (one.Place, place) is (UnixDomainSocketEndPoint, UnixDomainSocketEndPoint)).Setting ?? "a listener";
            throw new ListenException($"{setting} is {place}, {Why(e, place is UnixDomainSocketEndPoint, setting)}", e);
        }
    }

    private static string Why(SocketException e, bool isUnix, string setting) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse when isUnix => $"where something is already; remove it, or give {setting} another path",
        SocketError.AddressAlreadyInUse => $"where another process listens; stop it, or give {setting} another port (0: one that is free)",
        SocketError.AccessDenied when isUnix => $"where this user may make no socket; give it the right to write in that directory, or give {setting} another path",
        SocketError.AccessDenied => $"where this user may not listen; ports below 1024 take the capability CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=); or give {setting} a higher port",
        SocketError.AddressNotAvailable when isUnix => $"whose directory is not there; make it, or give {setting} another path",
        SocketError.AddressNotAvailable => $"which is no address of this machine; give {setting} one that `ip address` shows, or * for all of them",
        SocketError.AddressFamilyNotSupported => $"a kind of address that this machine does not have; give {setting} another one",
        _ => $"which cannot be listened at: {e.Message}; give {setting} another place",
    };
}
