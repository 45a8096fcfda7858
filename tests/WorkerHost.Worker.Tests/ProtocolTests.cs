using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;
using static WorkerHost.Worker.Tests.SessionUnderTest;

namespace WorkerHost.Worker.Tests;

/// <summary>Peers that do not keep to the protocol are told so, and hurt nobody else.</summary>
public sealed class ProtocolTests(SharedWorker shared) : IClassFixture<SharedWorker>, IAsyncDisposable
{
    private WorkerUnderTest Worker => shared.Worker;

    // After each of them the worker is as healthy as before.
    public async ValueTask DisposeAsync() => Assert.Equal("3", await Worker.RunJsonAsync("add", "[1, 2]"));

    [Fact]
    public async Task A_client_of_another_protocol_version_is_refused_with_both_ranges()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => Worker.OpenSessionAsync(static hello => hello.MinProtocol = hello.MaxProtocol = 99));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("99 to 99", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("1 to 1", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_required_capability_that_is_missing_is_refused_with_both_lists()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => Worker.OpenSessionAsync(static hello => hello.RequiredCapabilities.Add([Capability.Ledger, "telepathy"])));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("missing capabilities telepathy", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("requires ledger, telepathy", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("offers session, chunks, streams, calls, control, ledger", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hello_for_another_pool_is_refused() =>
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => Worker.OpenSessionAsync(static hello => hello.Pool = "others"))).StatusCode);

    [Fact]
    public async Task A_session_without_a_key_is_refused() =>
        await IsBroken(Worker.OpenSessionAsync(static hello => hello.SessionKey = 0), "session_key");

    [Fact]
    public async Task Two_open_sessions_cannot_have_one_key()
    {
        using var first = await Worker.OpenSessionAsync(static hello => hello.SessionKey = 4711);

        await IsBroken(Worker.OpenSessionAsync(static hello => hello.SessionKey = 4711), "session_key");
    }

    [Fact]
    public async Task Tasks_before_the_hello_are_a_protocol_error()
    {
        using var call = Worker.Endpoint.OpenSession();
        await call.RequestStream.WriteAsync(new SessionRequest { Tasks = { Task(1, "nothing") } });

        await IsBroken(call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "must be its hello");
    }

    [Fact]
    public async Task Tasks_beside_the_hello_are_a_protocol_error()
    {
        using var call = Worker.Endpoint.OpenSession();
        await call.RequestStream.WriteAsync(new SessionRequest { Hello = new ClientHello { MaxProtocol = 1, SessionKey = 1 }, Tasks = { Task(1, "nothing") } });

        await IsBroken(call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "nothing but its hello");
    }

    [Fact]
    public async Task A_session_that_ends_before_its_hello_is_a_protocol_error()
    {
        using var call = Worker.Endpoint.OpenSession();
        await call.RequestStream.CompleteAsync();

        await IsBroken(call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "before its hello");
    }

    [Fact]
    public async Task A_second_hello_ends_the_session()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SendAsync(new SessionRequest { Hello = new ClientHello() });

        await IsBroken(session.ToTheEndAsync(), "a second hello");
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 4)]
    [InlineData(5, 0)]
    public async Task Sequences_that_do_not_rise_end_the_session(ulong first, ulong second)
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(Task(first, "nothing"));
        await session.SubmitAsync(Task(second, "nothing"));

        await IsBroken(session.ToTheEndAsync(), $"{second} came after {first}");
    }

    [Fact]
    public async Task Cancelling_what_was_never_submitted_ends_the_session()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.CancelAsync(1);

        await IsBroken(session.ToTheEndAsync(), "cancels sequence 1");
    }

    [Fact]
    public async Task A_protocol_error_stops_what_runs_for_that_session()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(Task(1, "meet", $"[\"{Worker.PathOf("offender")}\", \"{Worker.PathOf("never")}\"]"));
        await Worker.FileAsync("offender");
        await session.SubmitAsync(Task(1, "nothing"));

        await IsBroken(session.ToTheEndAsync(), "sequences must rise");
        var control = new WorkerControl.WorkerControlClient(Worker.Channel);
        while ((await control.DiagnoseAsync(new DiagnoseRequest())).Running.Count > 0)
        {
        }
    }

    [Fact]
    [Trait("Scenario", "59")]
    public async Task A_frame_that_is_no_message_ends_the_session_with_a_clear_refusal()
    {
        using var call = Raw("OpenSession", MethodType.DuplexStreaming);
        await call.RequestStream.WriteAsync([0xFF, 0xFF, 0xFF, 0xFF]);

        await IsBroken(call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "");
    }

    [Fact]
    [Trait("Scenario", "59")]
    public async Task A_frame_above_the_limit_is_refused()
    {
        using var session = await Worker.OpenSessionAsync();
        var large = Echo(1, ByteString.CopyFrom(new byte[(64 * 1024 * 1024) + ProtocolLimits.MessageOverheadBytes]));

        // The refusal may come while the frame is still being written.
        try
        {
            await session.SubmitAsync(large);
        }
        catch (Exception e) when (e is RpcException or IOException or InvalidOperationException)
        {
        }

        var error = await Assert.ThrowsAsync<RpcException>(session.ToTheEndAsync);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Fact]
    [Trait("Scenario", "59")]
    public async Task Bytes_that_are_no_http2_close_the_connection()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Worker.SocketPath), TestContext.Current.CancellationToken);
        await socket.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);

        var buffer = new byte[4096];
        while (true)
        {
            try
            {
                if (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) == 0)
                {
                    break;
                }
            }
            catch (SocketException)
            {
                break;
            }
        }
    }

    [Fact]
    public async Task A_compressed_message_is_refused_instead_of_being_inflated()
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(
            WorkerUnderTest.Request("add", "[1, 2]"), new Metadata { { "grpc-internal-encoding-request", "gzip" } }));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Theory]
    [InlineData("workerhost.v1.TaskEndpoint", "Dance")]
    [InlineData("nobody.v1.Nothing", "Run")]
    public async Task A_method_that_is_not_there_is_unimplemented(string service, string name)
    {
        var bytes = Marshallers.Create(static b => b, static b => b);
        var method = new Method<byte[], byte[]>(MethodType.Unary, service, name, bytes, bytes);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(), []));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task What_is_no_call_is_refused()
    {
        using var client = new HttpClient(Worker.Handler()) { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using var got = await client.GetAsync(new Uri("http://localhost/workerhost.v1.TaskEndpoint/Run"), TestContext.Current.CancellationToken);
        using var posted = await client.PostAsync(
            new Uri("http://localhost/workerhost.v1.TaskEndpoint/Run"), new StringContent("{}"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, got.StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, posted.StatusCode);
    }

    [Fact]
    public async Task Names_and_ids_beyond_all_measure_are_refused()
    {
        using var session = await Worker.OpenSessionAsync();
        var longId = Task(2, "nothing");
        longId.Id = new string('x', ProtocolLimits.MaxNameLength + 1);

        await session.SubmitAsync(Task(1, new string('x', 100_000)), longId);

        Assert.InRange((await session.OutcomeAsync(1)).Failure.CalculateSize(), 1, 10_000);
        Assert.Contains("characters", (await session.OutcomeAsync(2)).Failure.Message, StringComparison.Ordinal);
    }

    private static async Task IsBroken(Task attempt, string message)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => attempt);
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(message, error.Status.Detail, StringComparison.Ordinal);
    }

    private AsyncDuplexStreamingCall<byte[], byte[]> Raw(string name, MethodType type)
    {
        var bytes = Marshallers.Create(static b => b, static b => b);
        var method = new Method<byte[], byte[]>(type, "workerhost.v1.TaskEndpoint", name, bytes, bytes);
        return Worker.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new CallOptions());
    }
}
