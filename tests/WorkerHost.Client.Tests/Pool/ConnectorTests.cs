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
    public async Task A_ready_worker_that_cannot_be_reached_is_rejected()
    {
        var source = new FakeSource();
        await using var pool = Pool(source);
        source.Publish([new WorkerEndpoint(new WorkerId("test", 0, 1), new Uri("unix:///nowhere/at/all"), 0, null, 1)]);
        var (worker, reason) = await source.Back.Rejections.ReadAsync(TestContext.Current.CancellationToken).Soon();
        Assert.Equal(new WorkerId("test", 0, 1), worker);
        Assert.Contains("no session can be opened with it at unix:///nowhere/at/all", reason, StringComparison.Ordinal);
        source.Stop();
    }

    [Fact]
    public async Task Where_nobody_listens_connecting_fails_with_the_reason()
    {
        var thrown = await Assert.ThrowsAsync<IOException>(() => WorkerPool.ConnectAsync("unix:///nowhere/at/all", cancellationToken: TestContext.Current.CancellationToken).Soon());
        Assert.Contains("unix:///nowhere/at/all", thrown.Message, StringComparison.Ordinal);
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
        while (failing.Attempts is not [{ Failure: not null }])
        {
            await Task.Yield();
        }

        await pool.StopAsync(cancelPending: true, TestContext.Current.CancellationToken).Soon();

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
}
