using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace WorkerHost.Client.Tests;

/// <summary>A session against a hand-made peer.</summary>
public sealed class SessionConnectionTests
{
    [Fact]
    public async Task A_task_carries_everything_its_caller_said()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener);
        _ = rig.Submit("resize", new TaskOptions
        {
            Id = "mine",
            Idempotent = true,
            TimeLimit = TimeSpan.FromSeconds(7),
            Headers = new Dictionary<string, string> { ["trace"] = "ü" },
        });

        var task = Assert.Single((await session.Peer.ReadAsync().Soon())!.Tasks);

        Assert.Equal((1UL, "resize", "mine", 1U, true, 7_000_000UL), (task.Sequence, task.Task, task.Id, task.Attempt, task.Idempotent, task.TimeLimitUs));
        Assert.Equal("ü", task.Headers["trace"]);
        Assert.Equal("", task.ContentType);
        rig.Loop.CancelAll();
    }

    [Theory]
    [InlineData("a retry_after that is no duration")]
    [InlineData("a negative retry_after")]
    [InlineData("a kind of tomorrow")]
    [InlineData("a cause chain without an end")]
    public async Task A_failure_that_makes_no_sense_is_a_failure_all_the_same(string what)
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener);
        var future = rig.Submit();
        var task = Assert.Single((await session.Peer.ReadAsync().Soon())!.Tasks);
        var failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = "odd" };
        switch (what)
        {
            case "a retry_after that is no duration":
                failure.RetryAfter = new Duration { Seconds = long.MaxValue, Nanos = int.MaxValue };
                break;
            case "a negative retry_after":
                failure.RetryAfter = new Duration { Seconds = -5 };
                break;
            case "a kind of tomorrow":
                failure.Kind = (V1.TaskFailureKind)999;
                break;
            default:
                var error = failure.Error = new V1.RemoteError { Type = "Deep" };
                for (var i = 0; i < 60; i++)
                {
                    error = error.Cause = new V1.RemoteError { Type = "Deep" };
                }

                break;
        }

        await session.Peer.SendAsync(RawHttp2Peer.Message(new V1.SessionResponse { Outcomes = { new V1.TaskOutcome { Sequence = task.Sequence, Failure = failure } } }));

        var thrown = await Assert.ThrowsAsync<TaskException>(() => future.Soon());
        Assert.Equal((TaskFailureKind.TaskFailed, null), (thrown.Kind, thrown.Failure.RetryAfter));
        await future.Settled.Soon();
    }

    [Theory]
    [InlineData("garbage in a message")]
    [InlineData("a message cut short by the end of the stream")]
    [InlineData("a message larger than the limit")]
    [InlineData("compressed without saying how")]
    [InlineData("a frame on stream 0")]
    [InlineData("garbage instead of frames")]
    [InlineData("a refusal in the middle")]
    [InlineData("a piece that leaves a gap")]
    [InlineData("pieces longer than they said")]
    [InlineData("pieces that change their mind")]
    [InlineData("a result whose pieces did not come")]
    [InlineData("a result that ends before its pieces do")]
    [InlineData("seventeen results in pieces")]
    [Trait("Scenario", "59")]
    public async Task A_peer_that_breaks_the_protocol_loses_its_session_and_its_tasks_are_judged(string what)
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener);
        var future = rig.Submit();
        await session.Peer.ReadAsync().Soon();
        byte[] bytes = what switch
        {
            "garbage in a message" => RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, [0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF]),
            "a message cut short by the end of the stream" => RawHttp2Peer.Frame(RawHttp2Peer.Data, RawHttp2Peer.EndStream, 1, [0, 0, 0, 0, 30, 1]),
            "a message larger than the limit" => RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, [0, 0x7F, 0, 0, 0, 1]),
            "compressed without saying how" => RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, [1, 0, 0, 0, 1, 0]),
            "a frame on stream 0" => RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 0, [0]),
            "a piece that leaves a gap" => Pieces(Piece(1, 1, 10, 20)),
            "pieces longer than they said" => Pieces(Piece(1, 0, 10, 15), Piece(1, 10, 10, 15)),
            "pieces that change their mind" => Pieces(Piece(1, 0, 10, 30), Piece(1, 10, 10, 40)),
            "a result whose pieces did not come" => RawHttp2Peer.Message(new V1.SessionResponse { Outcomes = { new V1.TaskOutcome { Sequence = 1, TotalBytes = 5 } } }),
            "a result that ends before its pieces do" => RawHttp2Peer.Message(new V1.SessionResponse
            {
                Chunks = { Piece(1, 0, 10, 30) },
                Outcomes = { new V1.TaskOutcome { Sequence = 1, TotalBytes = 30, Data = ByteString.CopyFromUtf8("{}") } },
            }),
            "seventeen results in pieces" => Pieces([.. Enumerable.Range(1, 17).Select(static n => Piece((ulong)n, 0, 1, 2))]),
            "garbage instead of frames" => [.. Enumerable.Repeat((byte)0xEE, 100)],
            _ => RawHttp2Peer.Trailers(status: 3),
        };

        await session.Peer.SendAsync(bytes);
        if (what == "garbage instead of frames")
        {
            session.Peer.Dispose();
        }

        Assert.Equal(TaskFailureKind.WorkerLost, (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Kind);
        await session.Connection.Ended.Soon();
        await future.Settled.Soon();
    }

    private static V1.PayloadChunk Piece(ulong sequence, ulong offset, int bytes, ulong total) =>
        new() { Sequence = sequence, Offset = offset, Data = ByteString.CopyFrom(new byte[bytes]), TotalBytes = total };

    private static byte[] Pieces(params V1.PayloadChunk[] pieces) => RawHttp2Peer.Message(new V1.SessionResponse { Chunks = { pieces } });

    [Fact]
    public async Task A_batch_larger_than_a_small_message_limit_is_written_and_read()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener, maxMessageBytes: 1024, concurrency: 2000);
        var futures = Enumerable.Range(0, 1500).Select(_ => rig.Submit(options: new TaskOptions { Id = new string('x', 200) })).ToList();
        List<ulong> sequences = [];
        while (sequences.Count < futures.Count)
        {
            sequences.AddRange((await session.Peer.ReadAsync().Soon())!.Tasks.Select(static t => t.Sequence));
        }

        Assert.Equal(sequences.Order(), sequences);
        var response = new V1.SessionResponse();
        response.Outcomes.AddRange(sequences.Select(static s => new V1.TaskOutcome { Sequence = s, Data = ByteString.CopyFromUtf8($"\"{new string('y', 150)}\""), ContentType = ContentType.Bytes }));
        await session.Peer.SendAsync(RawHttp2Peer.Message(response));

        // Not numbers: what counts is that they came.
        foreach (var future in futures)
        {
            Assert.Equal(TaskFailureKind.BadInput, (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Kind);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_endpoint_that_is_gone_before_it_answers_the_hello_is_reported(bool saidSomething)
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var opening = OpenSessionAsync(rig, listener);
        using (var peer = await listener.AcceptAsync().Soon())
        {
            if (saidSomething)
            {
                await peer.ReadAsync().Soon();
                await peer.SendAsync(RawHttp2Peer.ResponseHeaders());
            }
        }

        await Assert.ThrowsAsync<RpcException>(() => opening.Soon());
    }

    [Fact]
    public async Task An_endpoint_that_refuses_the_hello_is_reported_with_its_status()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var opening = OpenSessionAsync(rig, listener);
        using var peer = await listener.AcceptAsync().Soon();
        await peer.ReadAsync().Soon();
        await peer.SendAsync(RawHttp2Peer.Refusal(status: 9));
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() => opening.Soon())).StatusCode);
    }

    [Fact]
    public async Task An_endpoint_that_never_answers_the_hello_is_given_up()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var opening = OpenSessionAsync(rig, listener);
        using var peer = await listener.AcceptAsync().Soon();
        await peer.ReadAsync().Soon();
        rig.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(opening.IsCompleted);
        rig.Time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal($"endpoint {listener.Address} did not open a session within 10 s", (await Assert.ThrowsAsync<IOException>(() => opening.Soon())).Message);
    }

    [Fact]
    public async Task An_endpoint_that_answers_the_hello_with_something_else_is_reported()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var opening = OpenSessionAsync(rig, listener);
        using var peer = await listener.AcceptAsync().Soon();
        await peer.ReadAsync().Soon();
        await peer.SendAsync((byte[])[.. RawHttp2Peer.ResponseHeaders(), .. RawHttp2Peer.Message(new V1.SessionResponse { Draining = true })]);
        Assert.Contains("did not answer the hello", (await Assert.ThrowsAsync<RpcException>(() => opening.Soon())).Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "11")]
    [Trait("Scenario", "37")]
    public async Task A_worker_that_dies_while_a_large_argument_is_written_lets_the_sender_go()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener);
        var entry = new TaskEntry(1, "big", TaskOptions.Default, new byte[32 * 1024 * 1024], ContentType.Bytes, 1);
        var future = new TaskFuture<ReadOnlyMemory<byte>>(rig.Loop, entry, RawBytes.Reader, rig.Identity);
        Assert.Null(rig.Loop.Submit(entry, held: false));
        await session.Peer.Socket.ReceiveAsync(new byte[1]).Soon();

        session.Peer.Dispose();

        await Assert.ThrowsAsync<TaskException>(() => future.Soon());
        await session.Connection.DisposeAsync().AsTask().Soon();
    }

    [Fact]
    public async Task Cancelling_a_large_argument_that_is_being_written_ends_the_future_at_once()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener);
        var entry = new TaskEntry(1, "big", TaskOptions.Default, new byte[32 * 1024 * 1024], ContentType.Bytes, 1);
        var future = new TaskFuture<ReadOnlyMemory<byte>>(rig.Loop, entry, RawBytes.Reader, rig.Identity);
        Assert.Null(rig.Loop.Submit(entry, held: false));
        Assert.True(future.Cancel());
        Assert.Equal(TaskState.Cancelled, future.State);
    }

    [Fact]
    public async Task A_draining_endpoint_gets_nothing_new_and_what_it_gives_back_waits_for_another()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener, concurrency: 2);
        var futures = new[] { rig.Submit(), rig.Submit() };
        List<ulong> sequences = [];
        while (sequences.Count < 2)
        {
            sequences.AddRange((await session.Peer.ReadAsync().Soon())!.Tasks.Select(static t => t.Sequence));
        }

        await session.Peer.SendAsync(RawHttp2Peer.Message(new V1.SessionResponse { Draining = true, Outcomes = { sequences.Select(static s => new V1.TaskOutcome { Sequence = s, Recalled = true }) } }));
        var other = rig.Connect(1, concurrency: 2);
        other.Succeed((await other.NextAsync()).Sequence);
        other.Succeed((await other.NextAsync()).Sequence);
        await TaskFuture.WhenAll(futures).Soon();
        Assert.All(futures, static f => Assert.Single(f.Attempts));
    }

    [Fact]
    public async Task Half_closing_ends_in_good_order_after_everything_was_written()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var session = await OpenAsync(rig, listener);
        var future = rig.Submit();
        var task = Assert.Single((await session.Peer.ReadAsync().Soon())!.Tasks);

        session.Connection.HalfClose();

        Assert.Null(await session.Peer.ReadAsync().Soon());
        Assert.True(session.Peer.HalfClosed);
        await session.Peer.SendAsync((byte[])[.. RawHttp2Peer.Message(new V1.SessionResponse { Outcomes = { FakeEndpoint.Json(task, "3") } }), .. RawHttp2Peer.Trailers()]);
        Assert.Equal(3, await future.Soon());
        await session.Connection.Ended.Soon();
    }

    private static Task<SessionConnection> OpenSessionAsync(LoopRig rig, RawListener listener, int maxMessageBytes = ProtocolLimits.DefaultMaxMessageBytes) =>
        SessionConnection.OpenAsync(
            listener.Worker(),
            "",
            "test",
            resumes: 0, supervised: false,
            rig.Loop,
            new TransportOptions { Random = new Random(1), Time = rig.Time, MaxMessageBytes = maxMessageBytes },
            TestContext.Current.CancellationToken);

    private static async Task<OpenedSession> OpenAsync(LoopRig rig, RawListener listener, int maxMessageBytes = ProtocolLimits.DefaultMaxMessageBytes, uint concurrency = 1)
    {
        var opening = OpenSessionAsync(rig, listener, maxMessageBytes);
        var peer = await listener.AcceptAsync().Soon();
        await peer.HandshakeAsync(concurrency).Soon();
        var connection = await opening.Soon();
        rig.Loop.EndpointOpened(connection.State);
        connection.Start();
        return new OpenedSession(connection, peer);
    }

    private sealed record OpenedSession(SessionConnection Connection, RawHttp2Peer Peer) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Peer.Dispose();
            await Connection.DisposeAsync().AsTask().Soon();
        }
    }
}
