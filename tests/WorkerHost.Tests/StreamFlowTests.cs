namespace WorkerHost.Tests;

/// <summary>Who takes slowly slows the handler down, and fills no memory.</summary>
[Collection(nameof(Alone))]
public sealed class StreamFlowTests : IDisposable
{
    private readonly string path = TestPool.NewPath();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        File.Delete(path);
        File.Delete($"{path}.left");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task A_handler_makes_no_more_items_than_its_consumer_has_room_for(int buffer)
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 2 });
        var stream = pool.Stream<int>("count_marking", [1000, path], buffer: buffer);
        await TestPool.Until(() => Made() == buffer);
        await PassSomeTasksAsync(pool);
        Assert.Equal(buffer, Made());

        var taken = 0;
        await foreach (var item in stream)
        {
            Assert.Equal(taken++, item);

            // What came back to it is half of the room at most, and what it may make is what was taken and the room.
            Assert.InRange(Made(), taken, taken + buffer);
            if (taken is 7 or 900)
            {
                await TestPool.Until(() => Made() >= Math.Min(1000, taken + buffer / 2));
                await PassSomeTasksAsync(pool);
                Assert.InRange(Made(), taken, taken + buffer);
            }
        }

        Assert.Equal(1000, taken);
    }

    [Fact]
    public async Task Large_items_are_bounded_by_their_bytes()
    {
        const int size = 400_000;
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 2 });
        var stream = pool.Stream<byte[]>("fill_marking", [40, size, path]);

        // 1 MiB: two of them leave room for a byte, and so for a third.
        await TestPool.Until(() => Made() == 3);
        await PassSomeTasksAsync(pool);
        Assert.Equal(3, Made());
        Assert.All(await StreamTests.All(stream), static item => Assert.Equal(size, item.Length));
        Assert.Equal(40, Made());
    }

    [Fact]
    public async Task A_million_small_items_flow_in_order_and_memory_stays_flat()
    {
        await using var pool = await TestPool.StartAsync();
        long before = 0;
        var expected = 0;
        await foreach (var item in pool.Stream<int>("count", [1_000_000]))
        {
            if (item != expected++)
            {
                Assert.Fail($"{item} came in the place of {expected - 1}");
            }

            if (item is 100_000 or 900_000)
            {
                var now = GC.GetTotalMemory(forceFullCollection: true);
                Assert.True(before == 0 || now < before + 4_000_000, $"{before} bytes after 100 000 items, {now} after 900 000");
                before = now;
            }
        }

        Assert.Equal(1_000_000, expected);
    }

    [Fact]
    public async Task A_consumer_that_stands_still_holds_nobody_up_and_nothing_in_memory()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 3 });
        await PassSomeTasksAsync(pool);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var still = pool.Stream<byte[]>("fill_items", [1_000_000, 10_000]);
        await TestPool.Until(() => still.State == TaskState.Running);
        for (var i = 0; i < 20; i++)
        {
            await PassSomeTasksAsync(pool);
        }

        // 1 MiB and an item of bytes, as strings of base64 on top: far below what the handler would have made.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, -10_000_000, 4_000_000);
        Assert.True(still.Cancel());
        await still.Settled.WaitAsync(TestPool.Patience, Token);
        Assert.Equal(1, pool.Workers[0].Id.Incarnation);
    }

    [Fact]
    public async Task Two_streams_and_a_thousand_small_tasks_share_a_worker_and_none_waits_for_another()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 3 });
        var numbers = StreamTests.All(pool.Stream<int>("count", [100_000]));
        var still = pool.Stream<byte[]>("fill_items", [1000, 100_000]);
        await TestPool.Until(() => still.State == TaskState.Running);

        // Done while one stream flows and the other stands.
        var small = Enumerable.Range(0, 1000).Select(i => pool.Submit<int>("increment", [i])).ToList();
        Assert.Equal(Enumerable.Range(1, 1000), await TaskFuture.WhenAll(small).WaitAsync(TestPool.Patience, Token));
        Assert.False(still.IsDone);

        var blocks = await StreamTests.All(still);
        Assert.Equal(1000, blocks.Count);
        Assert.All(blocks, static b => Assert.Equal(100_000, b.Length));
        Assert.Equal(Enumerable.Range(0, 100_000), await numbers.WaitAsync(TestPool.Patience, Token));
    }

    /// <summary>Each passes on the session, behind whatever the stream has sent.</summary>
    private static async Task PassSomeTasksAsync(WorkerPool pool)
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(i + 1, await pool.Submit<int>("increment", [i]).Task.WaitAsync(TestPool.Patience, Token));
        }
    }

    private long Made() => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
