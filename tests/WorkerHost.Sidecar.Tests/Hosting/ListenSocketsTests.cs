using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Sidecar.Tests.Gateway;

namespace WorkerHost.Sidecar.Tests.Hosting;

/// <summary>Where a host cannot listen.</summary>
public sealed class ListenSocketsTests
{
    [Fact]
    public async Task An_address_that_is_taken_is_told_with_its_setting_once_and_with_what_can_be_done()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var token = HostUnderTest.TokenFile(OpenHost.Token);
        var loggers = new RecordingLoggers();
        var folder = Directory.CreateTempSubdirectory("workerhost-");
        try
        {
            var endpoints = new Sidecar.Gateway.PoolEndpoints(new HostedPools([]), "host-1", TimeSpan.Zero, TimeProvider.System, loggers.CreateLogger("sessions"));
            var refused = await Assert.ThrowsAsync<ListenException>(() => Sidecar.Gateway.DataPlane.StartAsync(
                new DataSettings { Tcp = "127.0.0.1:0", Http = taken.LocalEndPoint!.ToString(), TokenFile = token }, Path.Combine(folder.FullName, "data.sock"), endpoints, loggers, TimeProvider.System, CancellationToken.None));

            Assert.Equal($"data:http is {taken.LocalEndPoint}, where another process listens; stop it, or give data:http another port (0: one that is free)", refused.Message);
            Assert.DoesNotContain(loggers.Lines, static line => line.Level >= LogLevel.Error);
        }
        finally
        {
            folder.Delete(recursive: true);
            File.Delete(token);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "admin:tcp is 192.0.2.1:7070, which is no address of this machine; give admin:tcp one that")]
    public void An_address_of_another_machine_is_told_with_its_setting(string address, string says)
    {
        var place = new IPEndPoint(IPAddress.Parse(address), 7070);
        var sockets = new ListenSockets();
        sockets.Want(place, "admin:tcp");

        Assert.StartsWith(says, Assert.Throws<ListenException>(() => sockets.Bind(place)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_socket_that_cannot_be_made_is_told_with_its_setting()
    {
        var sockets = new ListenSockets();
        var place = new UnixDomainSocketEndPoint("/nowhere/at/all.sock");
        sockets.Want(place, "data:socket");

        Assert.Equal(
            "data:socket is /nowhere/at/all.sock, whose directory is not there; make it, or give data:socket another path",
            Assert.Throws<ListenException>(() => sockets.Bind(place)).Message);
    }
}
