using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Client.Tests;

/// <summary>The pool follows what its source says of the workers, whatever the order.</summary>
public sealed class ConnectorTests
{
    [Fact]
    public async Task A_task_runs_on_a_worker_that_was_published()
    {
        var source = new FakeSource();
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = Pool(source);
        var future = pool.Submit<int>("echo", [5], cancellationToken: TestContext.Current.CancellationToken);
        source.Publish([endpoint.Listener.Worker()]);
        Assert.Equal(5, await future.Soon());
        source.Stop();
    }

    [Fact]
    [Trait("Scenario", "15")]
    public async Task A_death_reported_while_the_worker_is_being_connected_is_not_forgotten()
    {
        var source = new FakeSource();
        using var listener = new RawListener();
        await using var pool = Pool(source);
        var dying = listener.Worker(incarnation: 1);
        source.Publish([dying]);
        using var peer = await listener.AcceptAsync().Soon();
        Assert.NotNull(await peer.ReadAsync().Soon());

        // The supervisor sees the process end; what it had written is still on its way, and is read afterwards.
        source.Publish(deaths: [new WorkerDeath(new DeathReport { Worker = dying.Id, Cause = DeathCause.Killed }, LedgerEvidence.None)]);
        await using var next = new FakeEndpoint(FakeEndpoint.Echo);
        source.Publish([next.Listener.Worker(incarnation: 2)]);
        Assert.Equal(1, await pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken).Soon());
        await peer.SendAsync((byte[])
        [
            .. RawHttp2Peer.ResponseHeaders(),
            .. RawHttp2Peer.Message(new V1.SessionResponse { Hello = new V1.EndpointHello { Protocol = 1, Concurrency = 100 } }),
        ]);

        // The dead one has the most free lanes: it gets tasks, and they have to come back.
        var futures = Enumerable.Range(0, 50).Select(i => pool.Submit<int>("echo", [i], new TaskOptions { Idempotent = true }, TestContext.Current.CancellationToken)).ToList();
        peer.Dispose();

        Assert.Equal(Enumerable.Range(0, 50), await TaskFuture.WhenAll(futures).Soon());
        source.Stop();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_spare_is_connected_and_gets_no_task_until_it_serves(bool connectedFirst)
    {
        var source = new FakeSource();
        using var listener = new RawListener();
        await using var pool = Pool(source);
        var spare = listener.Worker();
        source.Publish(spares: [spare]);
        using var peer = await listener.AcceptAsync().Soon();
        Assert.NotNull(await peer.ReadAsync().Soon());
        var hello = (byte[])
        [
            .. RawHttp2Peer.ResponseHeaders(),
            .. RawHttp2Peer.Message(new V1.SessionResponse { Hello = new V1.EndpointHello { Protocol = 1, Concurrency = 100 } }),
        ];
        if (connectedFirst)
        {
            await peer.SendAsync(hello);
            await pool.FirstConnected.Soon();
        }

        var future = pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, pool.QueuedTasks);
        source.Publish([spare]);
        if (!connectedFirst)
        {
            await peer.SendAsync(hello);
        }

        Assert.NotNull(await peer.ReadAsync().Soon());
        Assert.Equal(0, pool.QueuedTasks);
        Assert.False(future.IsDone);
        source.Stop();
        peer.Dispose();
    }

    [Fact]
    [Trait("Scenario", "42")]
    public async Task A_worker_told_to_leave_while_it_is_being_connected_gets_no_task()
    {
        var source = new FakeSource();
        using var listener = new RawListener();
        await using var pool = Pool(source);
        var leaving = listener.Worker();
        source.Publish([leaving]);
        using var peer = await listener.AcceptAsync().Soon();
        Assert.NotNull(await peer.ReadAsync().Soon());
        source.Publish(draining: [leaving.Id]);
        await using var other = new FakeEndpoint(FakeEndpoint.Echo);
        source.Publish([other.Listener.Worker(slot: 1)], draining: [leaving.Id]);
        Assert.Equal(1, await pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken).Soon());
        await peer.SendAsync((byte[])
        [
            .. RawHttp2Peer.ResponseHeaders(),
            .. RawHttp2Peer.Message(new V1.SessionResponse { Hello = new V1.EndpointHello { Protocol = 1, Concurrency = 100 } }),
        ]);

        var futures = Enumerable.Range(0, 100).Select(i => pool.Submit<int>("echo", [i], cancellationToken: TestContext.Current.CancellationToken)).ToList();
        await TaskFuture.WhenAll(futures).Soon();
        Assert.Equal(101, other.Received);
        source.Publish(deaths: [new WorkerDeath(new DeathReport { Worker = leaving.Id, Cause = DeathCause.Recycle }, LedgerEvidence.None)]);
        source.Stop();
    }

    [Fact]
    [Trait("Scenario", "42")]
    public async Task A_worker_that_was_leaving_before_it_was_connected_gets_nothing_even_where_nobody_else_is()
    {
        await using var rig = new LoopRig();
        var source = new FakeSource();
        using var listener = new RawListener();
        await using var connector = new EndpointConnector(source, rig.Loop, "test", "test", new TransportOptions { Random = new Random(1), Time = rig.Time }, rig.Log);
        connector.Start();
        var leaving = listener.Worker();
        source.Publish([leaving]);
        using var peer = await listener.AcceptAsync().Soon();

        // What the set says of another worker shows that it was read.
        var other = rig.Connect(slot: 1);
        var lost = rig.Submit();
        await other.NextAsync();
        other.End();
        source.Publish([leaving], draining: [leaving.Id], deaths: [DispatcherRig.DeathOf(other.State, LedgerEvidence.None)]);
        await lost.Completion.Ended();
        var waiting = rig.Submit();
        await peer.HandshakeAsync(concurrency: 1).Soon();
        await connector.FirstConnected.Soon();

        Assert.Equal(1, rig.Loop.Load.Queued);
        Assert.True(waiting.Cancel());
    }

    [Fact]
    public async Task A_cancelled_task_of_a_worker_without_sessions_is_settled_by_its_death_and_its_successor_runs_after_it()
    {
        var source = new FakeSource();
        using var listener = new RawListener();
        await using var pool = Pool(source, new WorkerPoolOptions { DrainTimeout = TimeSpan.Zero, CancelGrace = TimeSpan.Zero, TerminateGrace = TimeSpan.Zero });
        var old = listener.Worker();
        source.Publish([old]);
        using var session = await listener.AcceptAsync().Soon();
        Assert.NotNull(await session.ReadAsync().Soon());
        await session.SendAsync(RawHttp2Peer.Refusal(12));
        var cancelled = pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken);
        var next = pool.Submit<int>("echo", [2], cancellationToken: TestContext.Current.CancellationToken);
        using var calls = new RawHttp2Peer((await listener.AcceptAsync().Soon()).Socket) { IsSession = false };
        Assert.NotNull(await calls.ReadMessageAsync().Soon());
        Assert.True(cancelled.Cancel());
        Assert.Null(await calls.ReadMessageAsync().Soon());

        Assert.Equal(old.Id, (await source.Back.Kills.ReadAsync(TestContext.Current.CancellationToken).Soon()).Worker);
        Assert.Equal(2, pool.UnsettledTasks);
        source.Publish(deaths: [new WorkerDeath(new DeathReport { Worker = old.Id, Cause = DeathCause.Ordered }, LedgerEvidence.None)]);
        await using var other = new FakeEndpoint(FakeEndpoint.Echo);
        source.Publish([other.Listener.Worker(incarnation: 2)]);

        Assert.Equal(2, await next.Soon());
        await cancelled.Settled.Soon();
        source.Stop();
    }

    [Fact]
    public async Task A_ready_worker_that_cannot_be_reached_is_rejected()
    {
        var source = new FakeSource();
        await using var pool = Pool(source);
        source.Publish([new WorkerEndpoint(new WorkerId("test", 0, 1), new Uri("unix:///nowhere/at/all"), 0, null, 1)]);
        var (worker, reason) = await source.Back.Rejections.ReadAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(new WorkerId("test", 0, 1), worker);
        Assert.Contains("no session can be opened with it at unix:///nowhere/at/all", reason, StringComparison.Ordinal);

        // Whoever waits for the pool's start is told: the next worker will hardly be another.
        var thrown = await Assert.ThrowsAsync<IOException>(() => pool.FirstConnected.Soon());
        Assert.StartsWith("worker test/0#1 is ready, but no session can be opened with it: ", thrown.Message, StringComparison.Ordinal);
        source.Stop();
    }

    [Fact]
    public async Task Where_nobody_listens_connecting_fails_with_the_reason()
    {
        var thrown = await Assert.ThrowsAsync<IOException>(() => WorkerPool.ConnectAsync("unix:///nowhere/at/all", cancellationToken: TestContext.Current.CancellationToken).Soon());
        Assert.Contains("unix:///nowhere/at/all", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_none_of_several_can_be_reached_each_is_named_with_its_own_reason()
    {
        using var listener = new RawListener();
        var connecting = WorkerPool.ConnectAsync(["unix:///nowhere/at/all", listener.Address.ToString()], cancellationToken: TestContext.Current.CancellationToken);
        using (var peer = await listener.AcceptAsync().Soon())
        {
            Assert.NotNull(await peer.ReadAsync().Soon());
            await peer.SendAsync(RawHttp2Peer.Refusal(16, words: "no token"));
        }

        var message = (await Assert.ThrowsAsync<IOException>(() => connecting.Soon())).Message;
        Assert.StartsWith("no endpoint can be reached: ", message, StringComparison.Ordinal);
        Assert.Contains("unix:///nowhere/at/all: there is no such socket", message, StringComparison.Ordinal);
        Assert.Contains($"{listener.Address}: Unauthenticated: no token", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_a_start_is_told_that_the_supervisor_stopped()
    {
        var source = new FakeSource();
        await using var pool = Pool(source);
        source.Stop();
        Assert.Equal("the supervisor stopped before a worker could be used", (await Assert.ThrowsAsync<IOException>(() => pool.FirstConnected.Soon())).Message);
    }

    [Fact]
    public async Task Where_someone_listens_who_hangs_up_connecting_fails_too()
    {
        using var listener = new RawListener();
        var connecting = WorkerPool.ConnectAsync(listener.Address.ToString(), cancellationToken: TestContext.Current.CancellationToken);
        (await listener.AcceptAsync().Soon()).Dispose();
        Assert.Contains("no endpoint can be reached", (await Assert.ThrowsAsync<IOException>(() => connecting.Soon())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_without_sessions_gets_as_many_tasks_at_the_same_time_as_was_said()
    {
        using var listener = new RawListener();
        var connecting = WorkerPool.ConnectAsync(new EndpointAddress(listener.Address.ToString()) { Concurrency = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        using var session = await listener.AcceptAsync().Soon();
        Assert.NotNull(await session.ReadAsync().Soon());
        await session.SendAsync(RawHttp2Peer.Refusal(12));
        await using var pool = await connecting.Soon();
        var futures = Enumerable.Range(0, 3).Select(_ => pool.Submit<int>("work", [], cancellationToken: TestContext.Current.CancellationToken)).ToList();
        using (var calls = new RawHttp2Peer((await listener.AcceptAsync().Soon()).Socket) { IsSession = false })
        {
            Assert.NotNull(await calls.ReadMessageAsync().Soon());
            Assert.NotNull(await calls.ReadMessageAsync().Soon());
            Assert.Equal(1, pool.QueuedTasks);
            Assert.True(futures[2].Cancel());
        }

        await Task.WhenAll(futures.Select(static f => f.Completion.Ended()));
    }

    [Fact]
    public async Task A_lost_connection_to_a_bare_address_is_made_again()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address, cancellationToken: TestContext.Current.CancellationToken).Soon();
        Assert.Equal(1, await pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken).Soon());
        endpoint.Break();
        Assert.Equal(2, await pool.Submit<int>("echo", [2], new TaskOptions { Idempotent = true, Attempts = 10 }, TestContext.Current.CancellationToken).Soon());
    }

    [Fact]
    [Trait("Scenario", "47")]
    public async Task Stopping_a_pool_many_times_from_many_threads_is_one_stop()
    {
        var source = new FakeSource();
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        var pool = Pool(source);
        source.Publish([endpoint.Listener.Worker()]);
        var futures = Enumerable.Range(0, 100).Select(i => pool.Submit<int>("echo", [i], cancellationToken: TestContext.Current.CancellationToken)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await pool.DisposeAsync()))).Soon();
        Assert.All(futures, static f => Assert.Equal(TaskState.Succeeded, f.State));
        Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken)).Kind);
    }

    [Fact]
    public async Task A_supervisor_that_fails_to_stop_is_reported_after_everything_else_was_stopped()
    {
        var source = new FakeSource();
        var time = new FakeTimeProvider();
        await using var endpoint = new FakeEndpoint(static _ => null);
        var pool = new WorkerPool(source, new BrokenSupervisor(), new WorkerPoolOptions { TimeProvider = time }, new Random(1));
        source.Publish([endpoint.Listener.Worker()]);
        await pool.FirstConnected.Soon();
        var running = pool.Submit<int>("endless", [], cancellationToken: TestContext.Current.CancellationToken);
        var stopping = pool.DisposeAsync().AsTask();
        while (!stopping.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("it cannot stop", (await Assert.ThrowsAsync<IOException>(() => stopping)).Message);
        await running.Settled.Soon();
    }

    [Fact]
    [Trait("Scenario", "25")]
    public async Task A_stop_that_cancels_does_not_wait_for_a_backoff_and_settles_everything()
    {
        var source = new FakeSource();
        await using var endpoint = new FakeEndpoint(static task => new V1.TaskOutcome
        {
            Sequence = task.Sequence,
            Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Retryable = true, RetryAfter = new() { Seconds = 3600 } },
        });
        var pool = Pool(source);
        source.Publish([endpoint.Listener.Worker()]);
        var failing = pool.Submit<int>("fail", [], cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.IsTrue(() => failing.Attempts is [{ Failure: not null }]);

        await pool.StopAsync(StopMode.CancelAll, TestContext.Current.CancellationToken).Soon();

        Assert.Equal(TaskState.Cancelled, failing.State);
        await failing.Settled.Soon();
        await pool.DisposeAsync();
    }

    [Fact]
    public async Task When_the_supervisor_has_stopped_waiting_tasks_fail_instead_of_waiting_for_ever()
    {
        var source = new FakeSource();
        await using var pool = Pool(source);
        var future = pool.Submit<int>("echo", [1], cancellationToken: TestContext.Current.CancellationToken);
        source.Stop();
        Assert.Equal(TaskFailureKind.NoWorkers, (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Kind);
    }

    [Fact]
    public async Task Waiting_submitters_get_their_futures_in_a_full_queue_of_a_real_pool()
    {
        var source = new FakeSource();
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo, concurrency: 1);
        await using var pool = Pool(source, new WorkerPoolOptions { QueueCapacity = 0 });
        source.Publish([endpoint.Listener.Worker()]);
        var futures = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => pool.SubmitAsync<int>("echo", [i], cancellationToken: TestContext.Current.CancellationToken).AsTask())).Soon();
        Assert.Equal(Enumerable.Range(0, 200), await TaskFuture.WhenAll(futures).Soon());
        source.Stop();
    }

    private static WorkerPool Pool(FakeSource source, WorkerPoolOptions? options = null) => new(source, null, options ?? new WorkerPoolOptions(), new Random(1));

    private sealed class BrokenSupervisor : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => throw new IOException("it cannot stop");
    }
}
