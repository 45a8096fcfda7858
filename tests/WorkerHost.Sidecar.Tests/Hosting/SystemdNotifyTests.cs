using System.Globalization;
using System.Net.Sockets;
using System.Text;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Hosting;

public sealed class SystemdNotifyTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("workerhost-notify-");

    [Fact]
    public void Systemd_hears_that_the_host_is_ready_reloads_and_stops()
    {
        var path = Path.Combine(directory.FullName, "notify");
        using var systemd = Listen(path);
        var notify = new SystemdNotify(path, TimeProvider.System);

        notify.Ready("2 pools\nof 8 workers");
        Assert.Equal("READY=1\nSTATUS=2 pools of 8 workers", Hear(systemd));

        var before = Environment.TickCount64 * 1000 - 1_000_000;
        notify.Reloading();
        var words = Hear(systemd).Split('\n');
        Assert.Equal("RELOADING=1", words[0]);
        Assert.StartsWith("MONOTONIC_USEC=", words[1], StringComparison.Ordinal);
        Assert.InRange(long.Parse(words[1].Split('=')[1], CultureInfo.InvariantCulture), before, before + 60_000_000);

        notify.Status("reloaded");
        Assert.Equal("STATUS=reloaded", Hear(systemd));

        notify.Stopping(TimeSpan.FromSeconds(37.5));
        Assert.Equal("STOPPING=1\nEXTEND_TIMEOUT_USEC=37500000", Hear(systemd));
    }

    [Fact]
    public void Its_socket_may_have_a_name_without_a_file()
    {
        var name = Guid.NewGuid().ToString("N");
        using var systemd = Listen($"\0{name}");
        new SystemdNotify($"@{name}", TimeProvider.System).Status("here");
        Assert.Equal("STATUS=here", Hear(systemd));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/nowhere/notify")]
    [InlineData("@")]
    public void Without_systemd_nothing_happens(string? socket) => new SystemdNotify(socket, TimeProvider.System).Ready("nobody listens");

    public void Dispose() => directory.Delete(recursive: true);

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)Eventually.Patience.TotalMilliseconds };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static string Hear(Socket systemd)
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, systemd.Receive(buffer));
    }
}
