namespace WorkerHost.Client.Tests;

/// <summary>Endpoints that do not keep to what they were told, and such as know nothing of streams.</summary>
public sealed class HostileStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_sends_more_items_than_there_is_room_for_loses_the_session_and_fills_no_memory()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var stream = Stream(rig, buffer: 2);
        var (_, sequence) = await worker.NextAsync();
        rig.Loop.Received(worker.State, [Item(sequence, "1"), Item(sequence, "2"), Item(sequence, "3"), Item(sequence, "4")]);

        Assert.Equal("it sent more items of task work than it was told there is room for", worker.AbortReason);
        worker.Die();
        var items = new List<int>();
        var failure = await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var item in stream.WithCancellation(Token))
            {
                items.Add(item);
            }
        });
        Assert.Equal([1, 2], items);
        Assert.Equal(TaskFailureKind.WorkerLost, failure.Kind);
        Assert.Contains("is ended: it sent more items", Assert.Single(rig.Log.TakeErrors()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_that_do_not_make_an_item_end_the_session()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        _ = Stream(rig, buffer: 2);
        var (_, sequence) = await worker.NextAsync();
        rig.Loop.Received(worker.State, [Item(sequence, "12") with { TotalBytes = 5, More = false }]);

        Assert.Equal("it sent parts of an item of task work that do not make one", worker.AbortReason);
        Assert.Contains("is ended: it sent parts", Assert.Single(rig.Log.TakeErrors()).Text, StringComparison.Ordinal);
        worker.Die();
    }

    [Fact]
    public async Task Items_of_a_lost_attempt_never_reach_the_caller_of_the_next()
    {
        await using var rig = new LoopRig();
        var first = rig.Connect();
        var stream = Stream(rig, buffer: 5, new TaskOptions { Idempotent = true });
        var (_, sequence) = await first.NextAsync();

        // Half of an item, and then its worker dies: the usual rules hold.
        rig.Loop.Received(first.State, [Item(sequence, "12") with { TotalBytes = 4, More = true }]);
        first.Die();
        var second = rig.Connect(slot: 1, incarnation: 2);
        var (_, again) = await rig.PassTimeUntil(second.NextAsync());
        rig.Loop.Received(first.State, [Item(sequence, "666")]);
        rig.Loop.Received(second.State, [Item(again, "7")]);
        second.Succeed(again, "");

        var items = new List<int>();
        await foreach (var item in stream.WithCancellation(Token))
        {
            items.Add(item);
        }

        Assert.Equal([7], items);
        Assert.Equal(2, stream.Attempts.Count);
    }

    [Fact]
    public async Task An_item_larger_than_the_pool_takes_ends_its_stream_and_nothing_else()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var stream = Stream(rig, buffer: 5);
        var (_, sequence) = await worker.NextAsync();
        rig.Loop.Received(worker.State, [Item(sequence, "1"), Item(sequence, "") with { TotalBytes = 1_000_001, More = true }]);

        Assert.Equal(sequence, await worker.Cancels.ReadAsync(Token).AsTask().Soon());
        Assert.Null(worker.AbortReason);
        Assert.Contains("too long", Assert.IsType<TaskException>(stream.Completion.Exception!.InnerException).Message, StringComparison.Ordinal);
        worker.Die();
    }

    [Fact]
    public async Task An_endpoint_without_the_capability_refuses_a_stream_and_runs_the_rest()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address, cancellationToken: Token);
        var stream = pool.Stream<int>("count", [1]);
        var large = pool.StreamBytes("count", new byte[1_000_000]);
        var plain = pool.Submit<int>("echo", [7]);

        var failure = await Assert.ThrowsAsync<TaskException>(() => stream.Completion.Soon());
        Assert.Equal((TaskFailureKind.BadInput, true), (failure.Kind, failure.Failure.NeverStarted));
        Assert.Contains("lacks the capability \"streams\"", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TaskException>(() => large.Completion.Soon());
        Assert.Equal(7, await plain.Task.Soon());
        Assert.Equal(1, endpoint.Received);
    }

    [Fact]
    public async Task A_loop_that_is_left_before_its_first_item_cancels_the_task_too()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var stream = Stream(rig, buffer: 5);
        var (_, sequence) = await worker.NextAsync();
        await stream.GetAsyncEnumerator(Token).DisposeAsync();

        Assert.Equal(sequence, await worker.Cancels.ReadAsync(Token).AsTask().Soon());
        Assert.Equal(TaskState.Cancelled, stream.State);
        worker.Die();
    }

    private static TaskStream<int> Stream(LoopRig rig, int buffer, TaskOptions? options = null)
    {
        var (entry, _) = rig.Make(options);
        var items = new ItemBuffer(buffer, 1_000_000);
        entry.Feed = new TaskFeed(items, progress: null);
        var stream = new TaskStream<int>(rig.Loop, entry, items, JsonResult<int>.Reader, rig.Identity);
        items.TooLong = () => stream.Spoilt("too long");
        Assert.Null(rig.Loop.Submit(entry, held: false));
        return stream;
    }

    private static IncomingNews Item(ulong sequence, string json) => new(sequence, IsItem: true, System.Text.Encoding.UTF8.GetBytes(json), ContentType.Json, 0, More: false, 0, "");
}
