namespace WorkerHost.Tests;

/// <summary>Streams and progress over endpoints without sessions.</summary>
public sealed class StreamAddressTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_that_can_only_run_tasks_refuses_streams_and_runs_tasks_whose_progress_is_wanted()
    {
        await using var endpoint = await RunOnlyEndpoint.StartAsync();
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address, cancellationToken: Token);

        var failure = await TestPool.FailureOf(pool.Stream<int>("echo", [1]));
        Assert.Equal((TaskFailureKind.BadInput, true), (failure!.Kind, failure.Failure.NeverStarted));
        Assert.Contains("lacks the capability \"streams\"", failure.Message, StringComparison.Ordinal);
        var echo = await pool.Submit<List<int>>("echo", [1], new TaskOptions { Progress = new Progress<TaskProgress>() }).Task.WaitAsync(TestPool.Patience, Token);
        Assert.Equal(1, Assert.Single(echo));
    }

    [Fact]
    public async Task One_that_tells_events_gives_items_and_progress()
    {
        await using var endpoint = await RunOnlyEndpoint.StartAsync(new EventService());
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address, cancellationToken: Token);

        Assert.Equal([0, 1, 2], await StreamTests.All(pool.Stream<int>("three")));
        var (items, failure) = await StreamTests.UntilItFails(pool.Stream<int>("fail_midway"));
        Assert.Equal([0], items);
        Assert.Equal(TaskFailureKind.TaskFailed, failure.Kind);
        Assert.Contains("told to, midway", failure.Message, StringComparison.Ordinal);

        var heard = new TaskCompletionSource<TaskProgress>();
        var future = pool.Submit<int>("report", options: new TaskOptions { Progress = new Once(heard), Id = "mine" });
        Assert.Equal(7, await future.Task.WaitAsync(TestPool.Patience, Token));
        Assert.Equal(new TaskProgress("mine", 0.5, "half"), await heard.Task.WaitAsync(TestPool.Patience, Token));
    }

    [Fact]
    public async Task A_consumer_that_stands_still_holds_the_endpoint_back_and_one_that_leaves_ends_the_call()
    {
        var service = new EventService();
        await using var endpoint = await RunOnlyEndpoint.StartAsync(service);
        await using var pool = await WorkerPool.ConnectAsync(new EndpointAddress(endpoint.Address) { Concurrency = 2 }, cancellationToken: Token);
        await foreach (var item in pool.Stream<string>("large", buffer: 5).WithCancellation(Token))
        {
            Assert.Equal(100_000, item.Length);
            for (var i = 0; i < 200; i++)
            {
                await pool.Submit<int[]>("echo", [i]).Task.WaitAsync(TestPool.Patience, Token);
            }

            // Five in the pool, and what the windows and buffers of the connection hold.
            Assert.InRange(service.Written, 1, 60);
            break;
        }

        await service.Left.Task.WaitAsync(TestPool.Patience, Token);
    }

    private sealed class Once(TaskCompletionSource<TaskProgress> heard) : IProgress<TaskProgress>
    {
        public void Report(TaskProgress value) => heard.TrySetResult(value);
    }
}
