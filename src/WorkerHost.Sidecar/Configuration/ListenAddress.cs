using System.Globalization;
using System.Net;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Addresses to listen at, as they are written in settings.</summary>
internal static class ListenAddress
{
    public const string Allowed = "an address and a port, as 127.0.0.1:7070, [::1]:7070, localhost:7070 or *:7070; port 0 is one that is free";

    /// <returns>Null: the text is no such address.</returns>
    public static IPEndPoint? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text[..colon];
        var address = host switch
        {
            "*" => IPAddress.Any,
            _ when host.Equals("localhost", StringComparison.OrdinalIgnoreCase) => IPAddress.Loopback,
            ['[', .. var inner, ']'] => IPAddress.TryParse(inner, out var six) && inner.Contains(':', StringComparison.Ordinal) ? six : null,
            // "1.2" is an address to IPAddress, and not the one that was meant.
            _ => host.Count(static c => c == '.') == 3 && IPAddress.TryParse(host, out var four) ? four : null,
        };
        return address is null ? null : new IPEndPoint(address, port);
    }

    /// <summary>Whether both cannot be listened at.</summary>
    public static bool Collide(IPEndPoint one, IPEndPoint other) =>
        one.Port != 0 && one.Port == other.Port && (one.Address.Equals(other.Address) || IsAny(one) || IsAny(other));

    /// <summary>An address that a client on this machine connects to where a host listens at all of them; any other one as it is.</summary>
    public static string Reachable(string address) =>
        address.Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal).Replace("://[::]:", "://[::1]:", StringComparison.Ordinal);

    private static bool IsAny(IPEndPoint end) => end.Address.Equals(IPAddress.Any) || end.Address.Equals(IPAddress.IPv6Any);
}
