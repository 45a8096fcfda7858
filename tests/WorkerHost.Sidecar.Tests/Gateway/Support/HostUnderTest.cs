using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A data plane over pools, in this process.</summary>
public sealed class HostUnderTest : IAsyncDisposable
{
    public static readonly TimeSpan Patience = Eventually.Patience;

    private readonly DirectoryInfo folder;
    private readonly List<IDisposable> channels = [];

    private HostUnderTest(DirectoryInfo folder, HostedPools pools)
    {
        this.folder = folder;
        Pools = pools;
    }

    public string Folder => folder.FullName;

    public string SocketPath => Path.Combine(Folder, "data.sock");

    /// <summary>Of the listener for gRPC over TCP.</summary>
    public string TcpAddress => Plane.Addresses[1];

    internal HostedPools Pools { get; }

    internal DataPlane Plane { get; private set; } = null!;

    internal PoolEndpoints Endpoints { get; private set; } = null!;

    internal BufferBudget Budget => Endpoints.Budget;

    internal RecordingLoggers Loggers { get; } = new();

    internal static async Task<HostUnderTest> StartAsync(DataSettings settings, params HostedPool[] pools)
    {
        var host = new HostUnderTest(Directory.CreateTempSubdirectory("workerhost-"), new HostedPools(pools));
        host.Endpoints = new PoolEndpoints(host.Pools, "host-1", TimeSpan.FromSeconds(30), TimeProvider.System, host.Loggers.CreateLogger("sessions"), settings);
        host.Plane = await DataPlane.StartAsync(settings, host.SocketPath, host.Endpoints, host.Loggers, TimeProvider.System, TestContext.Current.CancellationToken);
        return host;
    }

    /// <summary>A pool without processes: its tasks run here.</summary>
    internal static async Task<HostedPool> InProcess(string name, Action<WorkerApplication> map) =>
        new(name, await WorkerPool.StartInProcessAsync(map, new InProcessPoolOptions { Name = name }, TestContext.Current.CancellationToken));

    /// <summary>A file with a token that none but its owner can read.</summary>
    public static string TokenFile(string token)
    {
        var path = Path.Combine(Path.GetTempPath(), $"workerhost-token-{Guid.NewGuid():n}");
        File.WriteAllText(path, token);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    public GrpcChannel OverSocket() => Kept(GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { DisposeHttpClient = true, HttpHandler = SocketHandler(SocketPath) }));

    public static SocketsHttpHandler SocketHandler(string path) => new()
    {
        ConnectCallback = async (_, token) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    public GrpcChannel OverTcp(SocketsHttpHandler? handler = null) =>
        Kept(GrpcChannel.ForAddress(TcpAddress, new GrpcChannelOptions { DisposeHttpClient = true, HttpHandler = handler ?? new SocketsHttpHandler() }));

    public static RunRequest Request(string task, string arguments) => new()
    {
        Task = task,
        Payload = new Payload { ContentType = "application/json", Data = Google.Protobuf.ByteString.CopyFromUtf8(arguments) },
    };

    public static Metadata Bearer(string token) => new() { { "authorization", $"Bearer {token}" } };

    public async ValueTask DisposeAsync()
    {
        channels.ForEach(static channel => channel.Dispose());
        await Plane.DisposeAsync();
        foreach (var hosted in Pools.All)
        {
            await hosted.Pool.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }

    private GrpcChannel Kept(GrpcChannel channel)
    {
        channels.Add(channel);
        return channel;
    }
}
