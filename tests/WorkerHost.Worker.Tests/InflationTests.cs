using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;
using static WorkerHost.Worker.Tests.SessionUnderTest;

namespace WorkerHost.Worker.Tests;

/// <summary>Small on the wire and large behind it: refused in every state of a peer, whatever it would have grown to.</summary>
[Trait("Scenario", "59")]
public sealed class InflationTests(SharedWorker shared) : IClassFixture<SharedWorker>, IAsyncDisposable
{
    private const int InflatedMiB = 256;

    // Sixty-four times less on the wire at the least: none of the limits on what travels is touched.
    private static readonly byte[] Bomb = Zeros(InflatedMiB);

    private WorkerUnderTest Worker => shared.Worker;

    // After each of them the worker is as healthy as before.
    public async ValueTask DisposeAsync() => Assert.Equal("3", await Worker.RunJsonAsync("add", "[1, 2]"));

    [Theory]
    [InlineData("workerhost.v1.TaskEndpoint/Run", "gzip")]
    [InlineData("workerhost.v1.TaskEndpoint/Run", "deflate")]
    [InlineData("workerhost.v1.TaskEndpoint/Run", "identity")]
    [InlineData("workerhost.v1.TaskEndpoint/Describe", "gzip")]
    [InlineData("workerhost.v1.TaskEndpoint/OpenSession", "gzip")]
    [InlineData("workerhost.v1.WorkerControl/Drain", "gzip")]
    [InlineData("grpc.health.v1.Health/Check", "gzip")]
    public Task A_first_message_that_would_inflate_is_refused_and_costs_nothing(string method, string encoding) =>
        IsRefusedAndCostsNothing(method, encoding, static _ => System.Threading.Tasks.Task.CompletedTask);

    [Fact]
    public Task A_message_that_would_inflate_within_an_idle_session_is_refused_and_costs_nothing() =>
        IsRefusedAndCostsNothing("workerhost.v1.TaskEndpoint/OpenSession", "gzip", output => Hello(output));

    [Fact]
    public async Task A_message_that_would_inflate_beside_a_running_task_ends_its_session_and_frees_the_lane()
    {
        await IsRefusedAndCostsNothing("workerhost.v1.TaskEndpoint/OpenSession", "gzip", async output =>
        {
            await Hello(output);
            await SendAsync(output, new SessionRequest { Tasks = { Task(1, "meet", $"[\"{Worker.PathOf("beside")}\", \"{Worker.PathOf("never")}\"]") } });
            await Worker.FileAsync("beside");
        });

        var control = new WorkerControl.WorkerControlClient(Worker.Channel);
        while ((await control.DiagnoseAsync(new DiagnoseRequest())).Running.Count > 0)
        {
        }
    }

    [Fact]
    public async Task More_headers_than_a_task_may_have_are_refused_with_the_limit()
    {
        var request = WorkerUnderTest.Request("add", "[1, 2]");
        request.Headers.Add("large", new string('ä', ProtocolLimits.MaxHeaderBytes / 2));
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(request, Worker.Call()));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains($"the task's headers have {ProtocolLimits.MaxHeaderBytes + 13} bytes; the limit is {ProtocolLimits.MaxHeaderBytes}", error.Status.Detail, StringComparison.Ordinal);

        using var session = await Worker.OpenSessionAsync();
        var task = Task(1, "add", "[1, 2]");
        var fits = Task(2, "add", "[1, 2]");
        task.Headers.Add(request.Headers);
        fits.Headers.Add("large", new string('x', ProtocolLimits.MaxHeaderBytes - 13));
        await session.SubmitAsync(task, fits);
        Assert.Contains($"the limit is {ProtocolLimits.MaxHeaderBytes}", (await session.OutcomeAsync(1)).Failure.Message, StringComparison.Ordinal);
        Assert.Null((await session.OutcomeAsync(2)).Failure);
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(200, 10)]
    public async Task More_metadata_than_a_call_may_have_is_refused(int entries, int length)
    {
        var metadata = new Metadata();
        for (var i = 0; i < entries; i++)
        {
            metadata.Add($"entry-{i}", new string('x', length));
        }

        // A connection of its own: a peer that goes so far loses it.
        using var channel = Worker.OpenChannel();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new TaskEndpoint.TaskEndpointClient(channel).RunAsync(WorkerUnderTest.Request("add", "[1, 2]"), metadata));

        Assert.NotEqual(StatusCode.OK, error.StatusCode);
        TestContext.Current.TestOutputHelper?.WriteLine($"{error.Status}");
    }

    private async Task IsRefusedAndCostsNothing(string method, string encoding, Func<Stream, Task> before)
    {
        using var client = new HttpClient(Worker.Handler()) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://localhost/{method}")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Add("grpc-encoding", encoding);
        request.Content = new Messages(async output =>
        {
            await before(output);
            ForgetPeak();
            await WriteAsync(output, compressed: true, Bomb);
        });
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken).WaitAsync(WorkerUnderTest.Patience);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken).WaitAsync(WorkerUnderTest.Patience);

        var status = Only("grpc-status", response.TrailingHeaders, response.Headers);
        Assert.Contains(status, new[] { "12", "13" });
        Assert.Contains("encoding", Only("grpc-message", response.TrailingHeaders, response.Headers), StringComparison.OrdinalIgnoreCase);
        Assert.InRange(PeakMiB() - rssBefore, 0, InflatedMiB / 4);
    }

    private int rssBefore;

    /// <summary>From now on the kernel's figure of the largest memory the worker ever had begins anew.</summary>
    private void ForgetPeak()
    {
        File.WriteAllText($"/proc/{Worker.Pid}/clear_refs", "5");
        rssBefore = PeakMiB();
    }

    private int PeakMiB() => int.Parse(
        File.ReadLines($"/proc/{Worker.Pid}/status").First(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;

    private static string Only(string name, params HttpHeaders[] places) =>
        Assert.Single(places.SelectMany(p => p.TryGetValues(name, out var values) ? values : []));

    private static async Task Hello(Stream output) => await SendAsync(output, new SessionRequest
    {
        Hello = new ClientHello { MinProtocol = 1, MaxProtocol = 1, SessionKey = (ulong)Random.Shared.NextInt64(1, long.MaxValue), IdPrefix = "bomb" },
    });

    private static Task SendAsync(Stream output, SessionRequest frame) => WriteAsync(output, compressed: false, frame.ToByteArray());

    private static async Task WriteAsync(Stream output, bool compressed, byte[] message)
    {
        var prefix = new byte[5];
        prefix[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Length);
        try
        {
            await output.WriteAsync(prefix);
            await output.WriteAsync(message);
            await output.FlushAsync();
        }
        catch (Exception e) when (compressed && e is IOException or HttpRequestException)
        {
            // Refused while it was still being written.
        }
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

        return small.ToArray();
    }

    /// <summary>A gRPC request's body, written as one goes along.</summary>
    private sealed class Messages : HttpContent
    {
        private readonly Func<Stream, Task> write;

        public Messages(Func<Stream, Task> write)
        {
            this.write = write;
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
