using System.Runtime.CompilerServices;

namespace WorkerHost.Client.Tests;

[Trait("Scenario", "4")]
public sealed class MapTests
{
    [Fact]
    public async Task Results_come_in_the_order_of_the_items()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo, concurrency: 8);
        await using var pool = await ConnectAsync(endpoint);
        List<int> results = [];
        await foreach (var result in pool.Map<int, int>("echo", Enumerable.Range(0, 5000), cancellationToken: TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        Assert.Equal(Enumerable.Range(0, 5000), results);
    }

    [Fact]
    public async Task No_more_items_are_taken_ahead_of_the_consumer_than_the_buffer_allows()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint);
        var taken = 0;
        var consumed = 0;
        await foreach (var _ in pool.Map<int, int>("echo", Items(), buffer: 3, cancellationToken: TestContext.Current.CancellationToken))
        {
            Assert.InRange(Volatile.Read(ref taken), consumed + 1, consumed + 3);
            consumed++;
        }

        Assert.Equal((50, 50), (taken, consumed));

        IEnumerable<int> Items()
        {
            for (var i = 0; i < 50; i++)
            {
                taken++;
                yield return i;
            }
        }
    }

    [Fact]
    public async Task Unordered_no_result_is_missing()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo, concurrency: 8);
        await using var pool = await ConnectAsync(endpoint);
        List<int> results = [];
        await foreach (var result in pool.Map<int, int>("echo", Enumerable.Range(0, 5000), buffer: 7, ordered: false, cancellationToken: TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        Assert.Equal(Enumerable.Range(0, 5000), results.Order());
    }

    [Fact]
    public async Task Unordered_results_come_also_to_a_consumer_that_blocks_the_thread_where_it_began()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint);
        var results = Task.Factory.StartNew(
            () =>
            {
                SynchronizationContext.SetSynchronizationContext(new Blocked());
                return pool.Map<int, int>("echo", Enumerable.Range(0, 50), ordered: false).ToBlockingEnumerable().Order().ToList();
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        Assert.Equal(Enumerable.Range(0, 50), await results.Soon());
    }

    [Fact]
    public async Task Unordered_the_first_failure_is_thrown_when_it_comes_and_what_is_ahead_is_cancelled()
    {
        await using var endpoint = new FakeEndpoint(static task => task.Data.ToStringUtf8() == "[7]"
            ? new V1.TaskOutcome { Sequence = task.Sequence, Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = "the eighth" } }
            : FakeEndpoint.Echo(task));
        await using var pool = await ConnectAsync(endpoint);
        var thrown = await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var _ in pool.Map<int, int>("echo", Enumerable.Range(0, int.MaxValue), ordered: false, cancellationToken: TestContext.Current.CancellationToken))
            {
            }
        });

        Assert.Contains("the eighth", thrown.Message, StringComparison.Ordinal);
        await Eventually.IsTrue(() => pool.UnsettledTasks == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failures_behind_the_first_one_are_nobodys_and_are_not_told_as_stray_ones(bool ordered)
    {
        var text = $"each of them, ordered {ordered}";
        var stray = 0;
        void Count(object? sender, UnobservedTaskExceptionEventArgs e) => stray += e.Exception.ToString().Contains(text, StringComparison.Ordinal) ? 1 : 0;
        TaskScheduler.UnobservedTaskException += Count;
        try
        {
            await MapFailuresAsync(text, ordered);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Count;
        }

        Assert.Equal(0, stray);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task MapFailuresAsync(string text, bool ordered)
    {
        await using var endpoint = new FakeEndpoint(task => new V1.TaskOutcome { Sequence = task.Sequence, Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = text } });
        await using var pool = await ConnectAsync(endpoint);
        await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var _ in pool.Map<int, int>("echo", Enumerable.Range(0, 1000), ordered: ordered, cancellationToken: TestContext.Current.CancellationToken))
            {
            }
        });
        await Eventually.IsTrue(() => pool.UnsettledTasks == 0);
    }

    [Fact]
    public async Task A_failure_in_the_third_item_comes_after_the_results_of_the_first_two_and_the_pool_stays_healthy()
    {
        await using var endpoint = new FakeEndpoint(static task => task.Data.ToStringUtf8() == "[2]"
            ? new V1.TaskOutcome { Sequence = task.Sequence, Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = "the third" } }
            : FakeEndpoint.Echo(task));
        await using var pool = await ConnectAsync(endpoint);
        List<int> results = [];
        var thrown = await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var result in pool.Map<int, int>("echo", Enumerable.Range(0, 100), cancellationToken: TestContext.Current.CancellationToken))
            {
                results.Add(result);
            }
        });
        Assert.Equal("the third", thrown.Message);
        Assert.Equal([0, 1], results);
        Assert.Equal(7, await pool.Submit<int>("echo", [7], cancellationToken: TestContext.Current.CancellationToken).Soon());
    }

    [Fact]
    public async Task A_producer_that_throws_midway_is_reported_after_the_results_of_its_items_and_the_pool_stays_healthy()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint);
        List<int> results = [];
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var result in pool.Map<int, int>("echo", Items(), cancellationToken: TestContext.Current.CancellationToken))
            {
                results.Add(result);
            }
        });
        Assert.Equal("the producer's own", thrown.Message);
        Assert.Equal([0, 1, 2], results);
        Assert.Equal(7, await pool.Submit<int>("echo", [7], cancellationToken: TestContext.Current.CancellationToken).Soon());

        static IEnumerable<int> Items()
        {
            yield return 0;
            yield return 1;
            yield return 2;
            throw new InvalidOperationException("the producer's own");
        }
    }

    [Fact]
    public async Task A_consumer_that_leaves_early_cancels_what_is_ahead_and_disposes_the_producer()
    {
        await using var endpoint = new FakeEndpoint(static task => task.Data.ToStringUtf8() == "[0]" ? FakeEndpoint.Echo(task) : null);
        await using var pool = await ConnectAsync(endpoint, new WorkerPoolOptions { DrainTimeout = TimeSpan.Zero, CancelGrace = TimeSpan.Zero, TerminateGrace = TimeSpan.Zero });
        var disposed = false;
        await foreach (var _ in pool.Map<int, int>("echo", Items(), buffer: 2, cancellationToken: TestContext.Current.CancellationToken))
        {
            break;
        }

        Assert.True(disposed);
        Assert.Equal(0, pool.QueuedTasks);
        endpoint.Break();
        await Eventually.IsTrue(() => pool.UnsettledTasks == 0);

        IEnumerable<int> Items()
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    yield return i;
                }
            }
            finally
            {
                disposed = true;
            }
        }
    }

    [Fact]
    public async Task A_slow_producer_does_not_hold_back_a_result_that_is_there()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint);
        var more = new TaskCompletionSource();
        await using var results = pool.Map<int, int>("echo", Items(TestContext.Current.CancellationToken), cancellationToken: TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await results.MoveNextAsync().Soon());
        Assert.Equal(1, results.Current);
        more.SetResult();
        Assert.True(await results.MoveNextAsync().Soon());
        Assert.False(await results.MoveNextAsync().Soon());

        async IAsyncEnumerable<int> Items([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return 1;
            await more.Task.WaitAsync(cancellationToken);
            yield return 2;
        }
    }

    [Fact]
    public async Task A_full_queue_does_not_hold_back_a_result_that_is_there()
    {
        using var mayAnswer = new ManualResetEventSlim();
        await using var endpoint = new FakeEndpoint(
            task =>
            {
                mayAnswer.Wait();
                return task.Task == "echo" ? FakeEndpoint.Echo(task) : null;
            },
            concurrency: 1);
        await using var pool = await ConnectAsync(endpoint, new WorkerPoolOptions { QueueCapacity = 1, DrainTimeout = TimeSpan.Zero, CancelGrace = TimeSpan.Zero, TerminateGrace = TimeSpan.Zero });
        List<TaskFuture<int>> endless = [];
        var waiting = Task.FromResult<TaskFuture<int>>(null!);
        await using (var results = pool.Map<int, int>("echo", Items(), cancellationToken: TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken))
        {
            var first = results.MoveNextAsync().AsTask();
            Assert.False(waiting.IsCompleted);
            mayAnswer.Set();
            Assert.True(await first.Soon());
            Assert.Equal(1, results.Current);
        }

        // What waited for its place does not take it after its consumer has left.
        endless.Add(await waiting.Soon());
        Assert.Equal(1, pool.QueuedTasks);
        Assert.True(endless[1].Cancel());
        Assert.Equal(0, pool.QueuedTasks);
        Assert.True(endless[0].Cancel());
        endpoint.Break();

        IEnumerable<int> Items()
        {
            yield return 1;

            // Others fill the queue and get the next place in it: the second item has to wait for long.
            endless.Add(pool.Submit<int>("endless", [], cancellationToken: TestContext.Current.CancellationToken));
            waiting = pool.SubmitAsync<int>("endless", [], cancellationToken: TestContext.Current.CancellationToken).AsTask();
            yield return 2;
        }
    }

    [Fact]
    public async Task A_consumer_that_leaves_does_not_wait_for_a_producer_that_heeds_its_token()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint);
        var heeded = false;
        await Task.Run(async () =>
        {
            await foreach (var _ in pool.Map<int, int>("echo", Items(TestContext.Current.CancellationToken), cancellationToken: TestContext.Current.CancellationToken))
            {
                break;
            }
        }, TestContext.Current.CancellationToken).Soon();
        Assert.True(heeded);

        async IAsyncEnumerable<int> Items([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return 1;
            try
            {
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            }
            finally
            {
                heeded = true;
            }
        }
    }

    [Fact]
    public async Task An_id_for_everyone_is_refused()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint);
        Assert.Throws<ArgumentException>(() => pool.Map<int, int>("echo", [1], new TaskOptions { Id = "x" }, cancellationToken: TestContext.Current.CancellationToken));
    }

    private static Task<WorkerPool> ConnectAsync(FakeEndpoint endpoint, WorkerPoolOptions? options = null) =>
        WorkerPool.ConnectAsync(endpoint.Address, options, TestContext.Current.CancellationToken).Soon();

    /// <summary>A window's thread that waits: what is posted to it does not run.</summary>
    private sealed class Blocked : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
