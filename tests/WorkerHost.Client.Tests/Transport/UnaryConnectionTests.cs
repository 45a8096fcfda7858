using Google.Protobuf;

namespace WorkerHost.Client.Tests;

/// <summary>A unary call per task, against a hand-made peer.</summary>
public sealed class UnaryConnectionTests
{
    [Fact]
    public async Task A_result_and_a_refusal_are_outcomes_of_their_tasks()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener, concurrency: 2);
        var options = new TaskOptions { Priority = TaskPriority.Low };
        var good = rig.Submit(options: options);
        var bad = rig.Submit(options: options);
        using var peer = await AcceptAsync(listener);
        var (first, bytes) = (await peer.ReadMessageAsync().Soon())!.Value;
        var request = V1.RunRequest.Parser.ParseFrom(bytes);
        Assert.Equal(("work", -1), (request.Task, request.Priority));
        var (second, _) = (await peer.ReadMessageAsync().Soon())!.Value;
        await peer.SendAsync((byte[])[.. RawHttp2Peer.ResponseHeaders(first), .. RawHttp2Peer.Message(Six, first), .. RawHttp2Peer.Trailers(0, first), .. RawHttp2Peer.Refusal(12, second)]);

        var outcomes = await Task.WhenAll(Outcome(good), Outcome(bad)).Soon();

        Assert.Equal(["6", "UnknownTask"], outcomes.Order());
    }

    [Theory]
    [InlineData(1, "Cancelled")]
    [InlineData(13, "Internal")]
    [InlineData(14, "Unavailable")]
    [InlineData(8, "ResourceExhausted")]
    [InlineData(16, "Unauthenticated")]
    public async Task A_status_of_a_living_endpoint_fails_its_task_and_not_the_connection(int status, string name)
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener);
        var failing = rig.Submit(options: new TaskOptions { Idempotent = true });
        var next = rig.Submit();
        using var peer = await AcceptAsync(listener);
        var (stream, _) = (await peer.ReadMessageAsync().Soon())!.Value;
        await peer.SendAsync(RawHttp2Peer.Refusal(status, stream, words: "the disk is full"));

        var thrown = await Assert.ThrowsAsync<TaskException>(() => failing.Soon());
        Assert.Equal((TaskFailureKind.TaskFailed, $"{name}: the disk is full", false), (thrown.Kind, thrown.Message, thrown.Failure.NeverStarted));
        (stream, _) = (await peer.ReadMessageAsync().Soon())!.Value;
        await peer.SendAsync((byte[])[.. RawHttp2Peer.ResponseHeaders(stream), .. RawHttp2Peer.Message(Six, stream), .. RawHttp2Peer.Trailers(0, stream)]);
        Assert.Equal(6, await next.Soon());
    }

    [Fact]
    public async Task A_call_that_the_endpoint_cancels_of_its_own_accord_is_not_reported_as_cancelled_by_the_caller()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener);
        var future = rig.Submit();
        using var peer = await AcceptAsync(listener);
        var (stream, _) = (await peer.ReadMessageAsync().Soon())!.Value;
        await peer.SendAsync(RawHttp2Peer.Frame(RawHttp2Peer.ResetStream, 0, stream, [0, 0, 0, 8]));

        var thrown = await Assert.ThrowsAsync<TaskException>(() => future.Soon());

        Assert.Equal(TaskFailureKind.TaskFailed, thrown.Kind);
        Assert.StartsWith("Cancelled: ", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(14)]
    public async Task A_refusal_that_says_by_our_contract_that_the_task_never_started_is_no_attempt(int status)
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener);
        var future = rig.Submit(maxAttempts: 1);
        using var peer = await AcceptAsync(listener);
        var (stream, _) = (await peer.ReadMessageAsync().Soon())!.Value;
        await peer.SendAsync(RawHttp2Peer.Refusal(status, stream, failure: new V1.TaskFailure { Kind = V1.TaskFailureKind.Rejected, NeverStarted = true }));
        await Eventually.IsTrue(() => rig.Loop.Load.Queued > 0);

        var other = rig.Connect(slot: 1);
        var (entry, sequence) = await other.NextAsync();
        Assert.Equal(1, entry.Attempt);
        other.Succeed(sequence, "3");
        Assert.Equal(3, await future.Soon());
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("headers")]
    [InlineData("half an answer")]
    [InlineData("a whole answer without its status")]
    [InlineData("half a frame")]
    public async Task Whatever_had_arrived_an_endpoint_that_is_gone_lost_the_task(string arrived)
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener);
        var future = rig.Submit();
        using (var peer = await AcceptAsync(listener))
        {
            await peer.ReadMessageAsync().Soon();
            var answer = RawHttp2Peer.Message(Six);
            await peer.SendAsync(arrived switch
            {
                "headers" => RawHttp2Peer.ResponseHeaders(),
                "half an answer" => (byte[])[.. RawHttp2Peer.ResponseHeaders(), .. RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, answer.AsSpan(9, 6))],
                "a whole answer without its status" => (byte[])[.. RawHttp2Peer.ResponseHeaders(), .. answer],
                "half a frame" => (byte[])[.. RawHttp2Peer.ResponseHeaders(), .. answer.AsSpan(0, 5)],
                _ => [],
            });
        }

        await connection.Ended.Soon();
        Assert.Equal("WorkerLost", await Outcome(future));
    }

    [Fact]
    public async Task Where_nobody_listens_any_more_the_connection_is_lost()
    {
        await using var rig = new LoopRig();
        RawListener listener;
        using (listener = new RawListener())
        {
        }

        await using var connection = Open(rig, listener);
        var future = rig.Submit();
        await connection.Ended.Soon();
        Assert.Equal("WorkerLost", await Outcome(future));
    }

    [Fact]
    public async Task A_lost_connection_ends_what_was_under_way_and_is_reported_once()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener, concurrency: 3);
        var futures = Enumerable.Range(0, 3).Select(_ => rig.Submit()).ToList();
        var waiting = rig.Submit();
        using (var peer = await AcceptAsync(listener))
        {
            for (var i = 0; i < 3; i++)
            {
                await peer.ReadMessageAsync().Soon();
            }
        }

        await connection.Ended.Soon();
        Assert.All(await Task.WhenAll(futures.Select(Outcome)).Soon(), static o => Assert.Equal("WorkerLost", o));
        Assert.False(waiting.IsDone);
        var other = rig.Connect(1);
        other.Succeed((await other.NextAsync()).Sequence);
        await waiting.Soon();
    }

    [Fact]
    public async Task Aborting_while_tasks_are_pumped_leaves_none_of_them_waiting()
    {
        for (var round = 0; round < 50; round++)
        {
            await using var rig = new LoopRig();
            using var listener = new RawListener();
            await using var connection = Open(rig, listener, concurrency: 1000);
            List<TaskFuture<int>> futures = [];
            var submitting = Task.Run(() =>
            {
                for (var i = 0; i < 40; i++)
                {
                    futures.Add(rig.Submit());
                }
            }, TestContext.Current.CancellationToken);
            await Task.Run(() => connection.Abort("the test says so"), TestContext.Current.CancellationToken);
            await submitting.Soon();
            await connection.Ended.Soon();

            // What was never called is still there for another worker; what may have been called is lost.
            rig.Connect(1, concurrency: 1000, answer: static _ => FakeConnection.Json("2"));
            var outcomes = await Task.WhenAll(futures.Select(Outcome)).Soon();
            Assert.All(outcomes, static o => Assert.True(o is "2" or "WorkerLost", o));
        }
    }

    [Fact]
    public async Task A_cancelled_task_ends_its_call_and_settles()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener);
        var future = rig.Submit();
        using var peer = await AcceptAsync(listener);
        await peer.ReadMessageAsync().Soon();
        Assert.True(future.Cancel());
        await future.Settled.Soon();
        Assert.Equal(TaskState.Cancelled, future.State);
        Assert.Equal(TaskState.Running, rig.Submit().State);
    }

    [Fact]
    public async Task A_supervised_worker_whose_cancelled_call_tells_nothing_is_killed_before_anything_else_runs_there()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener, supervised: true);
        var stopped = rig.Submit();
        var next = rig.Submit();
        using var peer = await AcceptAsync(listener);
        await peer.ReadMessageAsync().Soon();

        Assert.True(stopped.Cancel());
        Assert.Null(await peer.ReadMessageAsync().Soon());
        Assert.NotNull(peer.Reset);
        rig.Time.Advance(TimeSpan.FromSeconds(2.1));

        var (worker, reason, _) = await rig.BackChannel.Kills.ReadAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(connection.State.Worker.Id, worker);
        Assert.Contains("did not end within 2 s of its cancellation", reason, StringComparison.Ordinal);
        Assert.False(stopped.Settled.IsCompleted);
        Assert.Equal(TaskState.Pending, next.State);

        // Nothing is under way on the wire that could notice the death: it has to be told.
        rig.Loop.WorkerDied(DispatcherRig.DeathOf(connection.State, LedgerEvidence.None));
        connection.WorkerDied();
        await stopped.Settled.Soon();
        var other = rig.Connect(1);
        other.Succeed((await other.NextAsync()).Sequence, "5");
        Assert.Equal(5, await next.Soon());
    }

    [Fact]
    public async Task A_supervised_worker_that_heeds_the_time_limit_it_was_told_keeps_its_process()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        await using var connection = Open(rig, listener, supervised: true);
        var limited = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1) });
        var next = rig.Submit();
        using var peer = await AcceptAsync(listener);
        var (stream, request) = (await peer.ReadMessageAsync().Soon())!.Value;
        Assert.Equal(TimeSpan.FromSeconds(1), V1.RunRequest.Parser.ParseFrom(request).TimeLimit.ToTimeSpan());

        rig.Time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal("DeadlineExceeded", await Outcome(limited).Soon());
        Assert.False(limited.Settled.IsCompleted);
        await peer.SendAsync(RawHttp2Peer.Refusal(4, stream));

        await limited.Settled.Soon();
        (stream, _) = (await peer.ReadMessageAsync().Soon())!.Value;
        await peer.SendAsync((byte[])[.. RawHttp2Peer.ResponseHeaders(stream), .. RawHttp2Peer.Message(Six, stream), .. RawHttp2Peer.Trailers(0, stream)]);
        Assert.Equal(6, await next.Soon());
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(rig.BackChannel.Kills.TryRead(out _));
        rig.Loop.WorkerDied(DispatcherRig.DeathOf(connection.State, LedgerEvidence.None));
    }

    [Fact]
    public async Task A_connection_ends_although_a_cancelled_call_told_nothing()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var connection = Open(rig, listener, supervised: true);
        var stopped = rig.Submit();
        using var peer = await AcceptAsync(listener);
        await peer.ReadMessageAsync().Soon();
        Assert.True(stopped.Cancel());
        Assert.Null(await peer.ReadMessageAsync().Soon());

        await connection.DisposeAsync().AsTask().Soon();

        // The supervisor has stopped, too: nobody will report this worker's death any more.
        rig.Loop.SourceEnded();
        await stopped.Settled.Soon();
        Assert.Equal(0, rig.Loop.Load.Unsettled);
    }

    private static V1.RunResponse Six => new() { Result = new V1.Payload { Data = ByteString.CopyFromUtf8("6") } };

    private static UnaryConnection Open(LoopRig rig, RawListener listener, int concurrency = 1, bool supervised = false)
    {
        var connection = new UnaryConnection(listener.Worker(concurrency: concurrency), "", "test", concurrency, supervised, rig.Loop, new TransportOptions { Random = new Random(1), Time = rig.Time });
        rig.Loop.EndpointOpened(connection.State);
        return connection;
    }

    private static async Task<RawHttp2Peer> AcceptAsync(RawListener listener)
    {
        var accepted = await listener.AcceptAsync().Soon();
        return new RawHttp2Peer(accepted.Socket) { IsSession = false };
    }

    private static async Task<string> Outcome(TaskFuture<int> future)
    {
        await future.Completion.Ended();
        return future.Failure?.Kind.ToString() ?? future.GetResult().ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
