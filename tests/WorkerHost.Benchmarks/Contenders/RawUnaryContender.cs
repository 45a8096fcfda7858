using System.Diagnostics;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Net.Client;

namespace WorkerHost.Benchmarks;

/// <summary>The same echo as a unary gRPC call: a server process per worker and one warm channel to each.</summary>
internal sealed class RawUnaryContender : DotnetContender
{
    private static readonly EchoMessage Small = new() { Data = UnsafeByteOperations.UnsafeWrap(Data) };

    private readonly string folder = Directory.CreateTempSubdirectory("wh-raw-").FullName;
    private readonly List<Process> servers = [];
    private readonly List<GrpcChannel> channels = [];
    private readonly List<Echo.EchoClient> clients = [];

    public override string Name => "raw_unary";

    public override string RateName => "echo8.raw_unary.calls_per_s";

    public override string RateUnit => "calls/s";

    protected override IReadOnlyList<int> WorkerPids => [.. servers.Select(s => s.Id)];

    public static async Task<RawUnaryContender> StartAsync(int workers, IReadOnlyDictionary<string, string> environment)
    {
        var contender = new RawUnaryContender();
        for (var i = 0; i < workers; i++)
        {
            await contender.AddServerAsync(Path.Combine(contender.folder, $"{i}.sock"), environment);
        }

        return contender;
    }

    protected override Task EchoAsync(int turn, ReadOnlyMemory<byte> data)
    {
        var message = data.Length == Data.Length ? Small : new EchoMessage { Data = UnsafeByteOperations.UnsafeWrap(data) };
        return clients[turn % clients.Count].SayAsync(message).ResponseAsync;
    }

    public override async ValueTask DisposeAsync()
    {
        channels.ForEach(c => c.Dispose());
        foreach (var server in servers)
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync();
            server.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task AddServerAsync(string socket, IReadOnlyDictionary<string, string> environment)
    {
        var self = WorkerCommand.Self(RawUnaryServer.Verb, socket);
        var start = new ProcessStartInfo(self.FileName, self.Arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = Process.Start(start)!;
        servers.Add(server);
        if (await server.StandardOutput.ReadLineAsync() != RawUnaryServer.Listening)
        {
            throw new InvalidOperationException("the raw gRPC server could not start");
        }

        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), token);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        channels.Add(channel);
        clients.Add(new Echo.EchoClient(channel));
    }
}
