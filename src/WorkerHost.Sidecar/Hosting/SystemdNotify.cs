using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// Tells systemd how the host is (sd_notify(3)), where it was started by a unit of <c>Type=notify</c> or <c>notify-reload</c>; elsewhere every
/// call does nothing. Nothing is thrown: a service does not stop working because its manager does not listen. Thread-safe.
/// </summary>
/// <param name="socket">NOTIFY_SOCKET: a path, or a name in the abstract namespace behind '@'; null or empty: nobody is to be told.</param>
/// <param name="time">Its timestamps are those of CLOCK_MONOTONIC on Linux, which systemd wants to have at a reload.</param>
internal sealed class SystemdNotify(string? socket, TimeProvider time)
{
    /// <summary>The variable that systemd sets. No worker inherits it.</summary>
    public const string Variable = "NOTIFY_SOCKET";

    private readonly string? address = string.IsNullOrEmpty(socket) ? null : socket[0] == '@' ? $"\0{socket[1..]}" : socket;

    public static SystemdNotify FromEnvironment() => new(Environment.GetEnvironmentVariable(Variable), TimeProvider.System);

    /// <summary>The host listens and its pools are being started; also the end of a reload.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={Line(status)}");

    /// <summary>A line for <c>systemctl status</c>.</summary>
    public void Status(string status) => Send($"STATUS={Line(status)}");

    /// <summary>The configuration is being read again; <see cref="Ready"/> follows, also where it could not be used.</summary>
    public void Reloading() => Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Microseconds}"));

    /// <summary>The host stops.</summary>
    /// <param name="atMost">How long that may take. Systemd waits for so long even where TimeoutStopSec is shorter.</param>
    public void Stopping(TimeSpan atMost) => Send(string.Create(CultureInfo.InvariantCulture, $"STOPPING=1\nEXTEND_TIMEOUT_USEC={(long)atMost.TotalMicroseconds}"));

    private long Microseconds => (long)((Int128)time.GetTimestamp() * 1_000_000 / time.TimestampFrequency);

    // A line break would begin another word of the protocol.
    private static string Line(string text) => text.ReplaceLineEndings(" ");

    private void Send(string words)
    {
        if (address is null)
        {
            return;
        }

        try
        {
            using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            sender.SendTo(Encoding.UTF8.GetBytes(words), new UnixDomainSocketEndPoint(address));
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            // It has gone, or never was a socket.
        }
    }
}
