using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Tests.Protos;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A host that listens everywhere, with a token.</summary>
public sealed class OpenHost : IAsyncLifetime
{
    public const string Token = "a-token-of-the-tests-0123456789";

    private string tokenFile = "";

    public HostUnderTest Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        tokenFile = HostUnderTest.TokenFile(Token);
        Host = await HostUnderTest.StartAsync(
            new DataSettings { Tcp = "127.0.0.1:0", Http = "127.0.0.1:0", TokenFile = tokenFile, Reflection = true },
            await HostUnderTest.InProcess("images", static worker =>
            {
                worker.MapTask("add", static (int a, int b) => a + b);
                worker.MapGrpcService<ProbeService>();
            }));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        File.Delete(tokenFile);
    }
}

/// <summary>Who comes in, and how.</summary>
public sealed class ListenerTests(OpenHost open) : IClassFixture<OpenHost>
{
    private HostUnderTest Host => open.Host;

    [Fact]
    public async Task Over_the_unix_socket_no_secret_is_asked_for_and_over_tcp_the_token_is()
    {
        Assert.Equal([$"unix://{Host.SocketPath}", Host.TcpAddress], Host.Plane.Addresses);
        Assert.Equal("3", await Add(Host.OverSocket(), null));
        Assert.Equal("3", await Add(Host.OverTcp(), HostUnderTest.Bearer(OpenHost.Token)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Host.SocketPath));
    }

    [Theory]
    [Trait("Scenario", "61")]
    [InlineData(null)]
    [InlineData("Bearer a-token-of-the-tests-012345678")]
    [InlineData("Bearer a-token-of-the-tests-01234567890")]
    [InlineData("bearer a-token-of-the-tests-0123456789")]
    [InlineData("a-token-of-the-tests-0123456789")]
    [InlineData("Basic YTpi")]
    public async Task Over_tcp_nobody_without_the_token_learns_anything(string? shown)
    {
        var channel = Host.OverTcp();
        var headers = new Metadata();
        if (shown is not null)
        {
            headers.Add("authorization", shown);
        }

        var call = new CallOptions(headers);
        Task[] calls =
        [
            new TaskEndpoint.TaskEndpointClient(channel).RunAsync(HostUnderTest.Request("add", "[1, 2]"), call).ResponseAsync,
            new TaskEndpoint.TaskEndpointClient(channel).DescribeAsync(new DescribeRequest { Pool = "guess" }, call).ResponseAsync,
            new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = "images" }, call).ResponseAsync,
            new Probe.ProbeClient(channel).EchoAsync(new Note(), call).ResponseAsync,
            new Nowhere.NowhereClient(channel).EchoAsync(new Note(), call).ResponseAsync,
        ];
        foreach (var one in calls)
        {
            var e = await Assert.ThrowsAsync<RpcException>(() => one);
            Assert.Equal((StatusCode.Unauthenticated, "the bearer token of this host is required"), (e.StatusCode, e.Status.Detail));
        }

        using var http = new HttpClient();
        foreach (var path in new[] { "/v1/tasks", "/v1/tasks/add", "/nothing" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Host.Plane.HttpAddress + path));
            if (shown is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", shown);
            }

            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (response.StatusCode, Assert.Single(response.Headers.WwwAuthenticate).Scheme));
        }
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Another_users_process_is_dropped_at_the_socket()
    {
        OtherUser.Demand();
        Assert.Equal((false, true), await OtherUser.AnsweredAsync(Host.SocketPath));
        await Host.Loggers.Until(static line => line.Text.Contains("of user 65534 at the socket of this host", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_opens_the_host_is_not_told_to_its_workers_and_what_is_the_callers_own_is()
    {
        var overTcp = await new Probe.ProbeClient(Host.OverTcp()).ActAsync(new Script(), HostUnderTest.Bearer(OpenHost.Token));
        Assert.DoesNotContain(overTcp.Headers, static h => h.Name == "authorization");

        var overSocket = await new Probe.ProbeClient(Host.OverSocket()).ActAsync(new Script(), HostUnderTest.Bearer("theirs"));
        Assert.Equal("Bearer theirs", Assert.Single(overSocket.Headers, static h => h.Name == "authorization").Text);
    }

    [Fact]
    public async Task Reflection_shows_the_services_of_the_host_to_those_who_asked_for_it()
    {
        using var call = new Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient(Host.OverSocket()).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new Grpc.Reflection.V1Alpha.ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));

        Assert.Equal(
            ["grpc.health.v1.Health", "workerhost.v1.TaskEndpoint"],
            call.ResponseStream.Current.ListServicesResponse.Service.Select(static s => s.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task With_an_authority_only_certificates_that_it_signed_come_in()
    {
        using var ours = new Authority("ours");
        using var other = new Authority("other");
        var (certificate, key) = ours.Written("localhost", server: true);
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { Tcp = "127.0.0.1:0", Http = "127.0.0.1:0", Tls = new TlsSettings { Certificate = certificate, Key = key, ClientAuthority = ours.File } },
            await HostUnderTest.InProcess("images", static worker => worker.MapTask("add", static (int a, int b) => a + b)));

        Assert.StartsWith("https://127.0.0.1:", host.TcpAddress, StringComparison.Ordinal);
        using var guest = ours.Issue("guest", server: false);
        using var stranger = other.Issue("guest", server: false);
        using var serverOnly = ours.Issue("guest", server: true);
        Assert.Equal("3", await Add(host.OverTcp(ours.Handler(guest)), null));
        await Assert.ThrowsAsync<RpcException>(() => Add(host.OverTcp(ours.Handler(null)), null));
        await Assert.ThrowsAsync<RpcException>(() => Add(host.OverTcp(ours.Handler(stranger)), null));
        await Assert.ThrowsAsync<RpcException>(() => Add(host.OverTcp(ours.Handler(serverOnly)), null));

        using var http = new HttpClient(ours.Handler(guest));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"{host.Plane.HttpAddress}/v1/tasks"), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task With_a_certificate_and_a_token_the_token_is_asked_for_behind_it()
    {
        using var ours = new Authority("ours");
        var (certificate, key) = ours.Written("localhost", server: true);
        var token = HostUnderTest.TokenFile(OpenHost.Token);
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { Tcp = "127.0.0.1:0", TokenFile = token, Tls = new TlsSettings { Certificate = certificate, Key = key } },
            await HostUnderTest.InProcess("images", static worker => worker.MapTask("add", static (int a, int b) => a + b)));
        File.Delete(token);

        var channel = host.OverTcp(ours.Handler(null));
        Assert.Equal("3", await Add(channel, HostUnderTest.Bearer(OpenHost.Token)));
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => Add(channel, null))).StatusCode);
    }

    [Fact]
    public async Task The_socket_of_a_host_that_was_killed_is_taken_over_and_nothing_else_is()
    {
        var path = Path.Combine(Host.Folder, "other");
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // .NET removes what it has bound, where it was bound.
            left.Bind(new UnixDomainSocketEndPoint($"{path}.bound"));
            File.Move($"{path}.bound", path);
        }

        Assert.True(File.Exists(path));
        StaleSocket.Remove(path, "data:socket");
        Assert.False(File.Exists(path));

        await File.WriteAllTextAsync(path, "somebody's", TestContext.Current.CancellationToken);
        Assert.Contains("is there and no socket", Assert.Throws<IOException>(() => StaleSocket.Remove(path, "data:socket")).Message, StringComparison.Ordinal);
        Assert.Contains("another process listens at", Assert.Throws<IOException>(() => StaleSocket.Remove(Host.SocketPath, "data:socket")).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path) && File.Exists(Host.SocketPath));
    }

    [Fact]
    public void What_waits_for_a_writer_is_no_socket_and_nobody_waits_with_it()
    {
        var path = Path.Combine(Host.Folder, "fifo");
        using (var made = Process.Start("mkfifo", [path]))
        {
            made.WaitForExit();
        }

        Assert.Contains("is there and no socket; remove it, or give data:socket another path", Assert.Throws<IOException>(() => StaleSocket.Remove(path, "data:socket")).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        var link = Path.Combine(Host.Folder, "link");
        File.CreateSymbolicLink(link, "/nowhere/at/all");
        Assert.Contains("give admin:socket another path", Assert.Throws<IOException>(() => StaleSocket.Remove(link, "admin:socket")).Message, StringComparison.Ordinal);
        File.Delete(link);
        File.Delete(path);
    }

    private static async Task<string> Add(Grpc.Net.Client.GrpcChannel channel, Metadata? headers) =>
        (await new TaskEndpoint.TaskEndpointClient(channel).RunAsync(HostUnderTest.Request("add", "[1, 2]"), headers)).Result.Data.ToStringUtf8();
}
