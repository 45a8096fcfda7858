using System.Net.Sockets;

namespace WorkerHost.Tests;

/// <summary>A pool over endpoints that are there already: the same code path, fewer promises.</summary>
public sealed class AddressPoolTests
{
    [Fact]
    public async Task A_pool_over_the_address_of_a_worker_runs_tasks()
    {
        await using var owner = await TestPool.StartAsync();
        await using var pool = await WorkerPool.ConnectAsync(owner.Workers[0].Address!.ToString());

        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        var failure = await TestPool.FailureOf(pool.Submit<int>("throw", ["no"]));
        Assert.Equal(TaskFailureKind.TaskFailed, failure?.Kind);
        Assert.Empty(pool.Workers);
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task A_pool_whose_workers_listen_on_loopback_tcp_shows_them_its_secret()
    {
        var options = TestPool.Options();
        await using var pool = await TestPool.StartAsync(options with { Supervision = options.Supervision with { Transport = WorkerTransport.LoopbackTcp } });

        Assert.Equal("http", pool.Workers[0].Address!.Scheme);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));

        // A stranger without the secret learns nothing but that.
        // Often, because the refusal races with the hello it refuses.
        for (var i = 0; i < 100; i++)
        {
            var refused = await Assert.ThrowsAsync<IOException>(() => WorkerPool.ConnectAsync(pool.Workers[0].Address!.ToString()).WaitAsync(TestPool.Patience));
            Assert.Contains("Unauthenticated", refused.Message, StringComparison.Ordinal);
        }

        // Whoever was given it is served.
        var worker = (await pool.Source.Subscribe().ReadAsync(TestContext.Current.CancellationToken)).Ready[0];
        await using var trusted = await WorkerPool.ConnectAsync(new EndpointAddress(worker.Address.ToString()) { Secret = worker.Secret }).WaitAsync(TestPool.Patience);
        Assert.Equal(7, await trusted.Submit<int>("add", [3, 4]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task What_was_running_on_a_lost_connection_may_have_run_and_the_failure_says_so()
    {
        await using var owner = await TestPool.StartAsync();
        var worker = owner.Workers[0];
        await using var pool = await WorkerPool.ConnectAsync(worker.Address!.ToString());
        var here = TestPool.NewPath();
        var future = pool.Submit<int>("meet", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));
        TestPool.Kill(worker.Pid);

        var failure = await TestPool.FailureOf(future);

        Assert.Equal(TaskFailureKind.WorkerLost, failure?.Kind);
        Assert.Contains($"endpoint {worker.Address} was lost with task meet: it may have run", failure!.Message, StringComparison.Ordinal);
        Assert.EndsWith("the connection was lost", failure.Message, StringComparison.Ordinal);
        Assert.Empty(failure.Failure.Deaths);
        File.Delete(here);
    }

    [Fact]
    public async Task An_endpoint_without_sessions_is_served_by_unary_calls()
    {
        await using var endpoint = await RunOnlyEndpoint.StartAsync();
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address);

        var echoed = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => pool.SubmitBytes("echo", new[] { (byte)i }).Task)).WaitAsync(TestPool.Patience);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (byte)i), echoed.Select(e => e.Span[0]));

        var unknown = await TestPool.FailureOf(pool.SubmitBytes("nothing", default));
        Assert.Equal(TaskFailureKind.UnknownTask, unknown?.Kind);
        Assert.Contains("only echo and wait", unknown!.Message, StringComparison.Ordinal);

        var waiting = pool.SubmitBytes("wait", default);
        await TestPool.Until(() => waiting.Attempts.Count == 1);
        Assert.True(waiting.Cancel());
        await waiting.Settled.WaitAsync(TestPool.Patience);
        Assert.Equal(0, pool.UnsettledTasks);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_an_error_that_names_it()
    {
        var refused = await Assert.ThrowsAsync<IOException>(() => WorkerPool.ConnectAsync("unix:///nowhere/at/all.sock").WaitAsync(TestPool.Patience));

        Assert.Equal("no endpoint can be reached: unix:///nowhere/at/all.sock: there is no such socket", refused.Message);
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_any_more_is_called_that()
    {
        var path = TestPool.NewPath();
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            var refused = await Assert.ThrowsAsync<IOException>(() => WorkerPool.ConnectAsync($"unix://{path}").WaitAsync(TestPool.Patience));
            Assert.EndsWith($"{path}: nobody listens on this socket", refused.Message, StringComparison.Ordinal);
        }

        File.Delete(path);
    }

    [Fact]
    public async Task A_pool_ends_though_a_handler_at_its_endpoint_never_does()
    {
        await using var owner = await TestPool.StartAsync();
        var none = TimeSpan.Zero;
        var pool = await WorkerPool.ConnectAsync(
            owner.Workers[0].Address!.ToString(), new WorkerPoolOptions { DrainTimeout = none, CancelGrace = none, TerminateGrace = none });
        var here = TestPool.NewPath();
        var future = pool.Submit("meet_deaf", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));

        await pool.DisposeAsync().AsTask().WaitAsync(TestPool.Patience);

        await Assert.ThrowsAsync<TaskCanceledException>(() => future.Completion);
        File.Delete(here);
        TestPool.Kill(owner.Workers[0].Pid);
    }

    [Theory]
    [InlineData("not an address")]
    [InlineData("ftp://host/")]
    [InlineData("unix://")]
    [InlineData("unix:relative")]
    [InlineData("unix://host/path")]
    [InlineData("unix:///directory/")]
    public async Task An_address_of_the_wrong_form_says_what_form_is_right(string address)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.ConnectAsync(address));

        Assert.Contains("unix:///path", refused.Message, StringComparison.Ordinal);
    }
}
