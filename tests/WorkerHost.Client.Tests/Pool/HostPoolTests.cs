using System.Net;
using System.Net.Sockets;

namespace WorkerHost.Client.Tests;

/// <summary>A pool over hosts: what it makes of connections that break and of hosts that go away.</summary>
public sealed class HostPoolTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_goes_on_over_a_broken_connection_and_is_begun_once()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, cancellationToken: Token).Soon();
        var future = pool.Submit<int>("work", [1], cancellationToken: Token);
        var first = await host.Came.ReadAsync(Token).Soon();

        host.Break();

        var second = await host.Came.ReadAsync(Token).Soon();
        Assert.Equal((first.Id, first.Data, 1U), (second.Id, second.Data, second.Attempt));
        Assert.Equal((false, true), (first.Attach, second.Attach));
        Assert.False(future.IsDone);
        await host.FinishAsync(first.Id, "7");
        Assert.Equal(7, await future.Soon());
        Assert.Single(future.Attempts);
        Assert.Equal(1, Assert.Single(host.Runs).Value);
    }

    [Fact]
    public async Task What_ended_while_the_connection_was_gone_is_told_over_the_next_one()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, cancellationToken: Token).Soon();
        var future = pool.Submit<int>("work", [1], new TaskOptions { Id = "mine" }, Token);
        await host.Came.ReadAsync(Token).Soon();
        host.Leave();
        await host.FinishAsync("mine", "8");

        host.Return();

        Assert.Equal(8, await future.Soon());
        Assert.Equal(1, host.Runs["mine"]);
    }

    [Fact]
    public async Task Every_session_names_the_pool_of_the_host_and_the_same_client()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(new EndpointAddress(host.Address) { Pool = "images" }, cancellationToken: Token).Soon();
        var first = await host.Hellos.ReadAsync(Token).Soon();
        host.Break();

        var second = await host.Hellos.ReadAsync(Token).Soon();
        Assert.Equal(("images", "images", first.IdPrefix), (first.Pool, second.Pool, second.IdPrefix));
        Assert.NotEqual(first.SessionKey, second.SessionKey);
    }

    [Fact]
    public async Task After_a_new_instance_only_what_is_idempotent_runs_again()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, cancellationToken: Token).Soon();
        var once = pool.Submit<int>("work", [1], cancellationToken: Token);
        var again = pool.Submit<int>("work", [2], Idempotent, Token);
        await host.Came.ReadAsync(Token).Soon();
        await host.Came.ReadAsync(Token).Soon();

        host.Crash(nextInstance: "second");

        var failure = (await Assert.ThrowsAsync<TaskException>(() => once.Soon())).Failure;
        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Unknown), (failure.Kind, failure.Verdict));
        Assert.Contains("the host was restarted: it is instance second now, and was first", failure.Message, StringComparison.Ordinal);
        var second = await host.Came.ReadAsync(Token).Soon();
        Assert.Equal((again.Id, 2U, false), (second.Id, second.Attempt, second.Attach));
        await host.FinishAsync(second.Id, "9");
        Assert.Equal(9, await again.Soon());
        Assert.Equal(1, host.Runs[once.Id]);
    }

    [Fact]
    public async Task More_idempotent_tasks_than_the_retry_budget_has_room_for_survive_a_crash_of_their_host()
    {
        await using var host = new FakeHost(concurrency: 300);
        await using var pool = await WorkerPool.ConnectAsync(host.Address, new WorkerPoolOptions { Retry = new RetryOptions { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero, Budget = new RetryBudgetOptions { Burst = 1, PerTask = 0, PerSecond = 0 } } }, Token).Soon();
        var futures = Enumerable.Range(0, 300).Select(i => pool.Submit<int>("work", [i], Idempotent, Token)).ToList();
        for (var i = 0; i < 300; i++)
        {
            await host.Came.ReadAsync(Token).Soon();
        }

        host.Crash(nextInstance: "second");

        for (var i = 0; i < 300; i++)
        {
            await host.FinishAsync((await host.Came.ReadAsync(Token).Soon()).Id, "1");
        }

        Assert.All(await TaskFuture.WhenAll(futures).Soon(), static n => Assert.Equal(1, n));
    }

    [Fact]
    public async Task A_task_cancelled_while_its_host_was_gone_ends_at_once_and_the_host_hears_of_it()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, cancellationToken: Token).Soon();
        var future = pool.Submit<int>("work", [1], cancellationToken: Token);
        var first = await host.Came.ReadAsync(Token).Soon();
        await host.Frames.ReadAsync(Token).Soon();
        host.Leave();
        await Eventually.IsTrue(() => future.Cancel());
        Assert.Equal(TaskState.Cancelled, future.State);

        host.Return();

        var frame = await host.Frames.ReadAsync(Token).Soon();
        Assert.Equal(first.Id, Assert.Single(frame.Tasks).Id);
        Assert.Equal(frame.Tasks[0].Sequence, Assert.Single(frame.Cancel));
        await host.FinishAsync(first.Id, new V1.TaskOutcome { Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.Cancelled } });
        await future.Settled.Soon();
    }

    [Fact]
    public async Task What_a_host_does_not_come_back_for_in_time_goes_to_another()
    {
        await using var host = new FakeHost(concurrency: 1, keepsFor: TimeSpan.FromMilliseconds(50));
        await using var other = new FakeHost(concurrency: 100);
        await using var pool = await WorkerPool.ConnectAsync([host.Address, other.Address], cancellationToken: Token).Soon();
        await host.Hellos.ReadAsync(Token).Soon();
        await other.Hellos.ReadAsync(Token).Soon();
        List<TaskFuture<int>> futures = [];
        while (!host.Came.TryRead(out _))
        {
            futures.Add(pool.Submit<int>("work", [futures.Count], Idempotent with { Id = $"task {futures.Count}" }, Token));
            await Task.Yield();
        }

        host.Leave();

        for (var i = 0; i < futures.Count; i++)
        {
            await other.FinishAsync((await other.Came.ReadAsync(Token).Soon()).Id, "1");
        }

        await TaskFuture.WhenAll(futures).Soon();
        _ = Assert.Single(futures, static f => f.Attempts.Count == 2);
    }

    [Fact]
    public async Task The_failure_of_a_host_is_the_outcome_with_every_death_it_tells_of()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, cancellationToken: Token).Soon();
        var future = pool.Submit<int>("work", [1], Idempotent with { Attempts = 7, Id = "mine" }, Token);
        Assert.Equal(7U, (await host.Came.ReadAsync(Token).Soon()).MaxAttempts);
        await host.FinishAsync("mine", new V1.TaskOutcome
        {
            Failure = new V1.TaskFailure
            {
                Kind = V1.TaskFailureKind.WorkerLost,
                Message = "it was lost",
                Retryable = true,
                RanToCompletion = true,
                Worker = "images/2#7",
                Deaths =
                {
                    new V1.DeathReport
                    {
                        Pool = "images",
                        Slot = 2,
                        Incarnation = 7,
                        Pid = 4711,
                        Cause = V1.DeathCause.Crash,
                        Signal = "SIGSEGV",
                        Uptime = new() { Seconds = 5 },
                        ReadyFor = new() { Seconds = -1 },
                        Time = new() { Seconds = long.MaxValue },
                        LastOutput = { "boom" },
                        RunningTasks = { "mine" },
                        Next = "restart now",
                    },
                },
            },
        });

        var failure = (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Failure;

        Assert.Equal((TaskFailureKind.WorkerLost, new WorkerId("images", 2, 7), StartVerdict.Finished), (failure.Kind, failure.Worker, failure.Verdict));
        var death = Assert.Single(failure.Deaths);
        Assert.Equal((new WorkerId("images", 2, 7), 4711, DeathCause.Crash, "SIGSEGV", TimeSpan.FromSeconds(5), null), (death.Worker, death.Pid, death.Cause, death.Exit, death.Uptime, death.ReadyFor));
        Assert.Equal(("boom", "mine", "restart now"), (Assert.Single(death.LastOutput), Assert.Single(death.RunningTasks), death.Next));
        Assert.Equal(1, host.Runs["mine"]);
        Assert.Single(future.Attempts);
    }

    [Fact]
    public async Task A_host_is_told_with_the_next_task_what_was_read()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, cancellationToken: Token).Soon();
        for (var i = 0UL; i < 3; i++)
        {
            var future = pool.Submit<int>("work", [1], cancellationToken: Token);
            Assert.Equal(i, (await host.Frames.ReadAsync(Token).Soon()).OutcomesSeen);
            await host.FinishAsync(future.Id, "1");
            await future.Soon();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pool_ends_though_its_host_does_not_come_back(bool hurries)
    {
        await using var host = new FakeHost();
        var pool = await WorkerPool.ConnectAsync(host.Address, new WorkerPoolOptions { DrainTimeout = hurries ? TimeSpan.FromHours(1) : TimeSpan.Zero }, Token).Soon();
        var future = pool.Submit<int>("work", [1], cancellationToken: Token);
        await host.Came.ReadAsync(Token).Soon();
        host.Leave();

        await pool.StopAsync(hurries ? StopMode.CancelAll : StopMode.Finish, Token).Soon();

        Assert.Equal(TaskState.Cancelled, future.State);
        await future.Settled.Soon();
        Assert.Equal(0, pool.UnsettledTasks);
        await pool.DisposeAsync();
    }

    [Fact]
    public async Task Hosts_that_cannot_be_reached_for_a_while_fail_calls_fast_until_one_is_back()
    {
        await using var host = new FakeHost();
        await using var pool = await WorkerPool.ConnectAsync(host.Address, new WorkerPoolOptions { HostPatience = TimeSpan.FromMilliseconds(200) }, Token).Soon();
        host.Leave();
        List<TaskFuture<int>> waiting = [];
        TaskFailure? refused = null;
        await Eventually.IsTrue(() =>
        {
            try
            {
                waiting.Add(pool.Submit<int>("work", [1], cancellationToken: Token));
            }
            catch (TaskException e)
            {
                refused = e.Failure;
            }

            return refused is not null;
        });
        Assert.Equal((TaskFailureKind.NoWorkers, true), (refused!.Kind, refused.NeverStarted));
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(5));
        Assert.Contains($"no worker can be had: {host.Address}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("; the next is tried in ", refused.Message, StringComparison.Ordinal);

        // What waited is told, too; what the host had got already before it left is in limbo.
        Assert.Equal(TaskFailureKind.NoWorkers, (await Assert.ThrowsAsync<TaskException>(() => waiting[^1].Soon())).Kind);

        host.Return();
        TaskFuture<int>? served = null;
        await Eventually.IsTrue(() =>
        {
            try
            {
                served = pool.Submit<int>("work", [3], new TaskOptions { Id = "served" }, Token);
            }
            catch (TaskException)
            {
                // The probe is on its way.
            }

            return served is not null;
        });
        string came;
        do
        {
            came = (await host.Came.ReadAsync(Token).Soon()).Id;
            await host.FinishAsync(came, "3");
        }
        while (came != "served");

        Assert.Equal(3, await served!.Soon());
    }

    [Fact]
    public async Task While_one_host_cannot_be_reached_another_serves()
    {
        await using var other = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await WorkerPool.ConnectAsync(["unix:///nowhere/at/all", other.Address], cancellationToken: Token).Soon();

        Assert.Equal(Enumerable.Range(0, 20), await TaskFuture.WhenAll(Enumerable.Range(0, 20).Select(i => pool.Submit<int>("echo", [i], cancellationToken: Token))).Soon());
    }

    [Fact]
    public async Task A_call_for_itself_names_the_pool_of_its_host_too()
    {
        using var listener = new RawListener();
        var connecting = WorkerPool.ConnectAsync(new EndpointAddress(listener.Address.ToString()) { Pool = "images" }, cancellationToken: Token);
        using var session = await listener.AcceptAsync().Soon();
        Assert.NotNull(await session.ReadAsync().Soon());
        await session.SendAsync(RawHttp2Peer.Refusal(12));
        await using var pool = await connecting.Soon();
        var future = pool.Submit<int>("work", [], cancellationToken: Token);
        using (var calls = new RawHttp2Peer((await listener.AcceptAsync().Soon()).Socket) { IsSession = false })
        {
            var request = V1.RunRequest.Parser.ParseFrom((await calls.ReadMessageAsync().Soon())!.Value.Message);
            Assert.Equal(("images", 3U), (request.Pool, request.MaxAttempts));
        }

        await future.Completion.Ended();
    }

    [Theory]
    [InlineData("")]
    [InlineData("no spaces")]
    public void A_pool_of_a_host_that_is_no_name_is_refused_at_once(string name) =>
        Assert.Contains("EndpointAddress.Pool", Assert.Throws<ArgumentException>(() => new EndpointAddress("unix:///host") { Pool = name }).Message, StringComparison.Ordinal);

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_peer_on_another_machine_that_says_nothing_any_more_is_noticed_within_half_a_minute()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connecting = WorkerPool.ConnectAsync($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", cancellationToken: Token);
        using var peer = new RawHttp2Peer(await listener.AcceptSocketAsync(Token));
        await peer.HandshakeAsync(concurrency: 1).Soon();
        await using var pool = await connecting.Soon();
        var future = pool.Submit<int>("work", [], cancellationToken: Token);
        Assert.NotNull(await peer.ReadAsync().Soon());
        var silent = System.Diagnostics.Stopwatch.StartNew();

        // Its socket stays open, and nobody reads it.
        var thrown = await Assert.ThrowsAsync<TaskException>(() => future.Task.WaitAsync(TimeSpan.FromSeconds(60), Token));

        Assert.Equal(TaskFailureKind.WorkerLost, thrown.Kind);
        Assert.InRange(silent.Elapsed, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(35));
    }
}
