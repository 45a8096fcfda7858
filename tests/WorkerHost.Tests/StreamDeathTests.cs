namespace WorkerHost.Tests;

/// <summary>Streams whose worker dies, and whose pool stops.</summary>
public sealed class StreamDeathTests : IDisposable
{
    private readonly string path = TestPool.NewPath();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Scenario", "9")]
    public async Task A_worker_killed_midway_leaves_the_items_so_far_and_its_death(bool idempotent)
    {
        await using var pool = await TestPool.StartAsync();
        var pid = pool.Workers[0].Pid;
        var stream = pool.Stream<int>("count_then", [3, path], new TaskOptions { Idempotent = idempotent });
        var items = new List<int>();
        var failure = await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var item in stream.WithCancellation(Token))
            {
                items.Add(item);
                if (item == 2)
                {
                    TestPool.Kill(pid);
                }
            }
        });

        Assert.Equal([0, 1, 2], items);
        Assert.Equal((TaskFailureKind.WorkerLost, "SIGKILL"), (failure.Kind, failure.Failure.Deaths[0].Signal));
        Assert.Contains("not tried again because its caller has been given items", failure.Message, StringComparison.Ordinal);
        Assert.Single(stream.Attempts);
        await stream.Settled.WaitAsync(TestPool.Patience, Token);

        // The next one has a worker.
        Assert.Equal([0, 1], await StreamTests.All(pool.Stream<int>("count", [2])));
    }

    [Fact]
    public async Task Before_the_first_item_an_idempotent_stream_is_tried_again_like_any_task()
    {
        await using var pool = await TestPool.StartAsync();
        var stream = pool.Stream<int>("die_then_count", [path, 1000], new TaskOptions { Idempotent = true }, buffer: 3);

        Assert.Equal(Enumerable.Range(0, 1000), await StreamTests.All(stream));
        Assert.Equal(2, stream.Attempts.Count);

        File.Delete(path);
        var (items, failure) = await StreamTests.UntilItFails(pool.Stream<int>("die_then_count", [path, 1000]));
        Assert.Empty(items);
        Assert.Equal(TaskFailureKind.WorkerLost, failure.Kind);
    }

    [Fact]
    public async Task A_stop_that_lets_tasks_finish_lets_the_stream_be_taken_to_its_end()
    {
        var pool = await TestPool.StartAsync();
        var stream = pool.Stream<int>("count", [5000]);
        await using var each = stream.GetAsyncEnumerator(Token);
        Assert.True(await each.MoveNextAsync());

        var stop = pool.StopAsync();
        for (var i = 1; i < 5000; i++)
        {
            Assert.True(await each.MoveNextAsync());
            Assert.Equal(i, each.Current);
        }

        Assert.False(await each.MoveNextAsync());
        await stop.WaitAsync(TestPool.Patience, Token);
    }

    [Fact]
    public async Task A_stop_that_cancels_what_waits_lets_the_running_stream_go_on_and_cancels_the_waiting_one()
    {
        var pool = await TestPool.StartAsync();
        var stream = pool.Stream<int>("count", [5000]);
        await using var each = stream.GetAsyncEnumerator(Token);
        Assert.True(await each.MoveNextAsync());
        var waiting = pool.Stream<int>("count", [5]);

        var stop = pool.StopAsync(StopMode.CancelWaiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StreamTests.All(waiting));
        for (var i = 1; i < 5000; i++)
        {
            Assert.True(await each.MoveNextAsync());
        }

        Assert.False(await each.MoveNextAsync());
        await stop.WaitAsync(TestPool.Patience, Token);
    }

    [Fact]
    public async Task A_stop_that_cancels_all_cancels_the_stream_after_the_items_that_had_come()
    {
        var pool = await TestPool.StartAsync();
        var stream = pool.Stream<int>("count_all");
        await using var each = stream.GetAsyncEnumerator(Token);
        Assert.True(await each.MoveNextAsync());

        await pool.StopAsync(StopMode.CancelAll, Token).WaitAsync(TestPool.Patience, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await each.MoveNextAsync())
            {
            }
        });
        Assert.Equal(TaskState.Cancelled, stream.State);
    }

    [Fact]
    public async Task A_stream_that_nobody_takes_does_not_keep_a_pool_from_stopping_for_ever()
    {
        var pool = await TestPool.StartAsync(TestPool.Options() with { DrainTimeout = TimeSpan.FromMilliseconds(200) });
        var stream = pool.Stream<int>("count_all");
        await TestPool.Until(() => stream.State == TaskState.Running);

        await pool.StopAsync(cancellationToken: Token).WaitAsync(TestPool.Patience, Token);
        Assert.Equal(TaskState.Cancelled, stream.State);
    }
}
