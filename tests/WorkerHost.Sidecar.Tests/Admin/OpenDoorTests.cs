using System.Net;
using WorkerHost.Sidecar.Admin;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>Where the admin plane does not listen.</summary>
public sealed class OpenDoorTests
{
    private static readonly AdminPlaneOptions Closed = new() { Socket = "/nowhere" };

    [Fact]
    public void A_listener_for_everybody_is_refused_at_the_start()
    {
        Assert.Contains("needs a token", Refusal(Closed with { Tcp = new IPEndPoint(IPAddress.Loopback, 0) }), StringComparison.Ordinal);
        Assert.Contains("needs a token", Refusal(Closed with { Http = new IPEndPoint(IPAddress.Loopback, 0), Tls = static _ => { } }), StringComparison.Ordinal);
        Assert.Contains("without TLS", Refusal(Closed with { Http = new IPEndPoint(IPAddress.Any, 0), Token = "x" }), StringComparison.Ordinal);
        (Closed with { Tcp = new IPEndPoint(IPAddress.IPv6Loopback, 0), Token = "x" }).ThrowIfOpenToAnybody();
        (Closed with { Tcp = new IPEndPoint(IPAddress.Any, 0), Tls = static _ => { }, TlsIdentifiesPeers = true }).ThrowIfOpenToAnybody();
    }

    private static string Refusal(AdminPlaneOptions options) => Assert.Throws<ArgumentException>(options.ThrowIfOpenToAnybody).Message;
}
