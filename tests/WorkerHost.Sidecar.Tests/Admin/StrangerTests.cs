using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Sidecar.Tests.Gateway;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>Who comes to the listeners for operators and is none.</summary>
public sealed class StrangerTests
{
    [Fact]
    [Trait("Scenario", "59")]
    public async Task Connections_that_say_nothing_keep_nobody_from_the_pages()
    {
        await using var host = await AdminHost.StartAsync([]);
        var idle = new List<Socket>();
        try
        {
            foreach (var address in new[] { host.Plane.HttpAddress!, host.TcpAddress })
            {
                var end = new Uri(address);
                for (var i = 0; i < 300; i++)
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    idle.Add(socket);
                    await socket.ConnectAsync(end.Host, end.Port, TestContext.Current.CancellationToken);
                    await socket.SendAsync("GET /healthz HTTP/1.1\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
                }
            }

            using var health = await host.Stranger.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, true), (health.StatusCode, health.Headers.ConnectionClose));
            using var metrics = await host.Http.GetAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, (bool?)null), (metrics.StatusCode, metrics.Headers.ConnectionClose));
            using var channel = AdminHost.Channel(host.TcpAddress);
            Assert.Empty((await new SupervisorAdmin.SupervisorAdminClient(channel).ListPoolsAsync(new ListPoolsRequest(), HostUnderTest.Bearer(AdminHost.Token))).Pools);
        }
        finally
        {
            idle.ForEach(static socket => socket.Dispose());
        }
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Another_users_process_is_dropped_at_the_socket()
    {
        OtherUser.Demand();
        var loggers = new RecordingLoggers();
        await using var host = await AdminHost.StartAsync([], loggers: loggers);

        Assert.Equal((false, true), await OtherUser.AnsweredAsync(host.SocketPath));
        await loggers.Until(static line => line.Text.Contains("of user 65534 at the socket of the admin plane", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Over_tls_the_token_is_asked_for_and_with_an_authority_the_certificate_is()
    {
        using var ours = new Authority("ours");
        using var other = new Authority("other");
        var (certificate, key) = ours.Written("localhost", server: true);
        using var guest = ours.Issue("guest", server: false);
        using var stranger = other.Issue("guest", server: false);

        using var plain = TlsListening.Read(new AdminSettings { Tls = new TlsSettings { Certificate = certificate, Key = key } }, "admin")!;
        await using (var host = await AdminHost.StartAsync([], with: options => options with { Tls = listen => listen.UseTls(plain) }))
        {
            Assert.StartsWith("https://127.0.0.1:", host.TcpAddress, StringComparison.Ordinal);
            Assert.StartsWith("https://127.0.0.1:", host.Plane.HttpAddress, StringComparison.Ordinal);
            Assert.Equal(StatusCode.OK, await StatusAsync(host, ours.Handler(null), HostUnderTest.Bearer(AdminHost.Token)));
            Assert.Equal(StatusCode.Unauthenticated, await StatusAsync(host, ours.Handler(null), null));
            using var http = new HttpClient(ours.Handler(null));
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"{host.Plane.HttpAddress}/healthz"), TestContext.Current.CancellationToken)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri($"{host.Plane.HttpAddress}/metrics"), TestContext.Current.CancellationToken)).StatusCode);
        }

        using var mutual = TlsListening.Read(new AdminSettings { Tls = new TlsSettings { Certificate = certificate, Key = key, ClientAuthority = ours.File } }, "admin")!;
        await using (var host = await AdminHost.StartAsync([], with: options => options with { Token = null, Tls = listen => listen.UseTls(mutual), TlsIdentifiesPeers = true }))
        {
            Assert.Equal(StatusCode.OK, await StatusAsync(host, ours.Handler(guest), null));
            Assert.NotEqual(StatusCode.OK, await StatusAsync(host, ours.Handler(null), null));
            Assert.NotEqual(StatusCode.OK, await StatusAsync(host, ours.Handler(stranger), null));
            using var http = new HttpClient(ours.Handler(guest));
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"{host.Plane.HttpAddress}/metrics"), TestContext.Current.CancellationToken)).StatusCode);
        }
    }

    private static async Task<StatusCode> StatusAsync(AdminHost host, SocketsHttpHandler handler, Metadata? headers)
    {
        using var channel = GrpcChannel.ForAddress(host.TcpAddress, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        try
        {
            await new SupervisorAdmin.SupervisorAdminClient(channel).ListPoolsAsync(new ListPoolsRequest(), headers);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }
}
