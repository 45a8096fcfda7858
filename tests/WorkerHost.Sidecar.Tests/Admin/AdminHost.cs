using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Sidecar.Admin;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>Pools, an admin plane over them at all three kinds of listeners, and clients of it.</summary>
internal sealed class AdminHost : IAsyncDisposable
{
    public const string Token = "a token of sixteen and more";

    private readonly DirectoryInfo directory;
    private readonly AdminPlane plane;
    private readonly GrpcChannel channel;

    private AdminHost(HostedPools pools, AdminPlane plane, DirectoryInfo directory)
    {
        Pools = pools;
        this.plane = plane;
        this.directory = directory;
        channel = Channel(plane.Addresses[0]);
        Client = new SupervisorAdmin.SupervisorAdminClient(channel);
        Http = new HttpClient { BaseAddress = new Uri(plane.HttpAddress!), DefaultRequestHeaders = { { "authorization", $"Bearer {Token}" } } };
        Stranger = new HttpClient { BaseAddress = new Uri(plane.HttpAddress!) };
    }

    public AdminPlane Plane => plane;

    public HostedPools Pools { get; }

    /// <summary>Over the Unix socket.</summary>
    public SupervisorAdmin.SupervisorAdminClient Client { get; }

    public string SocketPath => plane.Addresses[0]["unix://".Length..];

    public string TcpAddress => plane.Addresses[1];

    public HttpClient Http { get; }

    /// <summary>Without the token.</summary>
    public HttpClient Stranger { get; }

    public static async Task<AdminHost> StartAsync(
        IEnumerable<WorkerPool> pools, Func<CancellationToken, Task<ReloadResult>>? reload = null, TimeProvider? time = null, Func<AdminPlaneOptions, AdminPlaneOptions>? with = null, ILoggerFactory? loggers = null)
    {
        var directory = Directory.CreateTempSubdirectory("workerhost-");
        var hosted = new HostedPools(pools.Select(static pool => new HostedPool(pool.Name, pool)));
        var options = new AdminPlaneOptions
        {
            Socket = Path.Combine(directory.FullName, "admin.sock"),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Token = Token,
            HostInstance = "host-1",
            StartedAt = DateTimeOffset.UtcNow,
            Reload = reload,
        };
        options = with?.Invoke(options) ?? options;
        return new AdminHost(hosted, await AdminPlane.StartAsync(hosted, options, time ?? TimeProvider.System, loggers ?? NullLoggerFactory.Instance, CancellationToken.None), directory);
    }

    /// <summary>A worker process of the tests under short pauses.</summary>
    public static EmbeddedPoolOptions Options(string name, int workers) => new()
    {
        Name = name,
        Workers = workers,
        Retry = new RetryOptions { MinDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(10) },
        Supervision = new SupervisorOptions
        {
            Spares = 0,
            Restart = new RestartOptions { Intensity = 1000, MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(20) },
        },
    };

    public static GrpcChannel Channel(string address)
    {
        if (!address.StartsWith("unix://", StringComparison.Ordinal))
        {
            return GrpcChannel.ForAddress(address);
        }

        var end = new UnixDomainSocketEndPoint(address["unix://".Length..]);
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellationToken) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(end, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
        });
    }

    public async Task<IReadOnlyList<string>> ExplainAsync(ExplainRequest request) => (await Client.ExplainAsync(request)).Sentences;

    /// <summary>The refusal of a call.</summary>
    public static async Task<(StatusCode Status, string Message)> RefusalAsync(Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        return (e.StatusCode, e.Status.Detail);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Stranger.Dispose();
        channel.Dispose();
        await plane.DisposeAsync();
        foreach (var pool in Pools.All)
        {
            await pool.Pool.DisposeAsync();
        }

        directory.Delete(recursive: true);
    }
}
