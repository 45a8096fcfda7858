using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using Grpc.Core;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Tests.Protos;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Whatever a peer does, the next client is served at once, and memory stays what it was.</summary>
[Collection(nameof(Alone))]
[Trait("Scenario", "59")]
public sealed class AttackTests(OpenHost open) : IClassFixture<OpenHost>
{
    private const string Run = "/workerhost.v1.TaskEndpoint/Run";
    private const string Session = "/workerhost.v1.TaskEndpoint/OpenSession";
    private const string Foreign = "/workerhost.tests.Probe/Echo";

    private static readonly byte[] Bomb = Zeros(megabytes: 256);

    private static readonly Dictionary<string, byte[][]> Broken = new()
    {
        ["a frame longer than any may be"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Data, 0, 1, new byte[100], length: 0xFF_FF_FF)],
        ["data of a stream that is none"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Data, 0, 7, new byte[100])],
        ["headers that are no HPACK"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])],
        ["a stream with an even number"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 2, RawHttp2.Call(Run))],
        ["a window that overflows"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Window, 0, 0, [0x7F, 0xFF, 0xFF, 0xFF])],
        ["settings of a wrong length"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Settings, 0, 0, [1, 2, 3])],
        ["a continuation of nothing"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Continuation, RawHttp2.EndHeaders, 1, RawHttp2.Call(Run))],
        ["headers without end"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, 0, 1, RawHttp2.Call(Run)), .. Enumerable.Repeat(RawHttp2.Frame(RawHttp2.Continuation, 0, 1, Junk()), 40)],
        ["going away, and more"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.GoAway, 0, 0, new byte[8]), RawHttp2.Frame(RawHttp2.Ping, 0, 0, new byte[3])],
    };

    private static readonly Dictionary<string, byte[][]> Unfinished = new()
    {
        ["no preface"] = [new byte[64]],
        ["half a preface"] = [RawHttp2.Hello[..10]],
        ["a call without a message"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 1, RawHttp2.Call(Run))],
        ["half a message"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 1, RawHttp2.Call(Foreign)), RawHttp2.Frame(RawHttp2.Data, 0, 1, [0, 0, 0, 1, 0, 1, 2, 3])],
        ["a session without a hello"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 1, RawHttp2.Call(Session))],
        ["a call that is reset"] = [RawHttp2.Hello, RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 1, RawHttp2.Call(Foreign)), RawHttp2.Frame(RawHttp2.Reset, 0, 1, [0, 0, 0, 8])],
        ["a thousand calls that are reset"] = [RawHttp2.Hello, .. Enumerable.Range(0, 1000).SelectMany(static i => new[]
        {
            RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, (2 * i) + 1, RawHttp2.Call(Foreign)),
            RawHttp2.Frame(RawHttp2.Reset, 0, (2 * i) + 1, [0, 0, 0, 8]),
        })],
    };

    public static TheoryData<string> BrokenNames => [.. Broken.Keys];

    public static TheoryData<string> UnfinishedNames => [.. Unfinished.Keys];

    private HostUnderTest Host => open.Host;

    [Theory]
    [MemberData(nameof(BrokenNames))]
    public async Task A_connection_that_breaks_the_protocol_is_closed(string name)
    {
        using (var peer = new RawHttp2(Host.SocketPath))
        {
            peer.Send(Broken[name]);
            await peer.ClosedAsync();
        }

        await IsServedAsync();
    }

    [Theory]
    [MemberData(nameof(UnfinishedNames))]
    public async Task A_peer_that_stops_halfway_keeps_nobody_waiting_and_leaves_nothing(string name)
    {
        using (var peer = new RawHttp2(Host.SocketPath))
        {
            peer.Send(Unfinished[name]);
            await IsServedAsync();
            peer.HalfClose();
            await peer.ClosedAsync();
        }

        await IsServedAsync();
        Assert.Equal(0, Host.Pools.All[0].Pool.UnsettledTasks);
    }

    [Theory]
    [InlineData(Run, "gzip")]
    [InlineData(Session, "gzip")]
    [InlineData(Foreign, "deflate")]
    [InlineData("/grpc.health.v1.Health/Check", "gzip")]
    public async Task A_message_that_would_inflate_is_refused_and_costs_nothing(string path, string encoding)
    {
        var before = Process.GetCurrentProcess().PeakWorkingSet64;
        using var client = new HttpClient(HostUnderTest.SocketHandler(Host.SocketPath));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://localhost{path}")) { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.Add("grpc-encoding", encoding);
        request.Content = new ByteArrayContent(Bomb);
        request.Content.Headers.ContentType = new("application/grpc");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        var status = (response.TrailingHeaders.TryGetValues("grpc-status", out var trailing) ? trailing : response.Headers.GetValues("grpc-status")).Single();
        Assert.Contains(status, new[] { "12", "13" });
        Assert.InRange(Process.GetCurrentProcess().PeakWorkingSet64 - before, long.MinValue, 64L << 20);
        await IsServedAsync();
    }

    [Theory]
    [InlineData(1, 60_000)]
    [InlineData(200, 10)]
    public async Task More_metadata_than_a_call_may_have_is_refused(int entries, int length)
    {
        var metadata = new Metadata();
        for (var i = 0; i < entries; i++)
        {
            metadata.Add($"entry-{i}", new string('x', length));
        }

        await Assert.ThrowsAsync<RpcException>(() => new Probe.ProbeClient(Host.OverSocket()).EchoAsync(new Note(), metadata).ResponseAsync);
        await IsServedAsync();
    }

    [Fact]
    public async Task Cancelling_a_great_many_calls_of_one_connection_is_no_attack()
    {
        var channel = Host.OverSocket();
        var endpoint = new TaskEndpoint.TaskEndpointClient(channel);
        for (var i = 0; i < 1500; i++)
        {
            using var call = endpoint.RunAsync(HostUnderTest.Request("add", "[1, 2]"));
        }

        Assert.Equal("3", (await endpoint.RunAsync(HostUnderTest.Request("add", "[1, 2]"))).Result.Data.ToStringUtf8());
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Connections_without_a_token_and_floods_of_streams_keep_nobody_out_and_cost_little_memory()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/h2load"), "h2load");
        var token = HostUnderTest.TokenFile(OpenHost.Token);
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { Tcp = "127.0.0.1:0", TokenFile = token, MaxConnections = 200 },
            await HostUnderTest.InProcess("images", static worker => worker.MapTask("add", static (int a, int b) => a + b)));
        await IsServedAsync(host);
        var (slowest, before) = (TimeSpan.Zero, Process.GetCurrentProcess().WorkingSet64);
        var address = new Uri(host.TcpAddress);

        // Three times as many as may be, silent for ever; beside them strangers with calls without end, and more streams than are allowed.
        var silent = new List<Socket>();
        var message = Path.Combine(host.Folder, "message");
        await File.WriteAllBytesAsync(message, new byte[5], TestContext.Current.CancellationToken);
        using var flood = Process.Start(new ProcessStartInfo("/usr/bin/h2load", ["-c", "60", "-m", "500", "-D", "8", "-H", "content-type: application/grpc", "-d", message, $"{host.TcpAddress}{Run}"]) { RedirectStandardOutput = true })!;
        var told = flood.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            for (var i = 0; i < 600; i++)
            {
                var one = new Socket(SocketType.Stream, ProtocolType.Tcp);
                silent.Add(one);
                await one.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
                if (i % 30 == 0)
                {
                    var took = await IsServedAsync(host);
                    slowest = took > slowest ? took : slowest;
                }
            }

            while (!flood.HasExited)
            {
                var took = await IsServedAsync(host);
                slowest = took > slowest ? took : slowest;
                await Task.WhenAny(flood.WaitForExitAsync(TestContext.Current.CancellationToken), Task.Delay(100, TestContext.Current.CancellationToken));
            }
        }
        finally
        {
            silent.ForEach(static socket => socket.Dispose());
            if (!flood.HasExited)
            {
                flood.Kill();
            }
        }

        var grown = (Process.GetCurrentProcess().WorkingSet64 - before) >> 20;
        var said = await told;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"slowest new client: {slowest.TotalMilliseconds:0} ms; memory grew by {grown} MiB\n{said}"));
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.InRange(grown, -1000, 256);
    }

    private Task<TimeSpan> IsServedAsync() => IsServedAsync(Host);

    // A new connection with the token, to the answer of its first task.
    private static async Task<TimeSpan> IsServedAsync(HostUnderTest host)
    {
        var started = Stopwatch.GetTimestamp();
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(host.TcpAddress);
        var answer = await new TaskEndpoint.TaskEndpointClient(channel).RunAsync(HostUnderTest.Request("add", "[1, 2]"), HostUnderTest.Bearer(OpenHost.Token)).ResponseAsync.WaitAsync(HostUnderTest.Patience);
        Assert.Equal("3", answer.Result.Data.ToStringUtf8());
        return Stopwatch.GetElapsedTime(started);
    }

    private static byte[] Junk()
    {
        List<byte> block = [];
        for (var i = 0; i < 40; i++)
        {
            block.AddRange([0x00, 1, (byte)'x', 100, .. Enumerable.Repeat((byte)'y', 100)]);
        }

        return [.. block];
    }

    private static byte[] Zeros(int megabytes)
    {
        using var small = new MemoryStream();
        using (var gzip = new GZipStream(small, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < megabytes; i++)
            {
                gzip.Write(zeros);
            }
        }

        var message = new byte[5 + small.Length];
        message[0] = 1;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), (int)small.Length);
        small.ToArray().CopyTo(message.AsSpan(5));
        return message;
    }
}
