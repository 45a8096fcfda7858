using Google.Protobuf.WellKnownTypes;

namespace WorkerHost.Tests;

/// <summary>Tasks that yield items: what a caller sees of them while they run, and how they end.</summary>
public sealed class StreamTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private WorkerPool Pool => shared.Pool;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Items_come_while_the_handler_runs_and_in_its_order()
    {
        var path = TestPool.NewPath();
        var stream = Pool.Stream<int>("count_then", [3, path]);
        var seen = new List<int>();
        await foreach (var item in stream)
        {
            seen.Add(item);
            if (item == 2)
            {
                // It goes on when this is there, so these three came before its end.
                Assert.Equal(TaskState.Running, stream.State);
                await File.WriteAllTextAsync(path, "", Token);
            }
        }

        Assert.Equal([0, 1, 2, 3], seen);
        Assert.Equal((TaskState.Succeeded, "count_then", 1), (stream.State, stream.Name, stream.Attempts.Count));
        await stream.Settled.WaitAsync(TestPool.Patience, Token);
        File.Delete(path);
    }

    [Theory]
    [InlineData("count")]
    [InlineData("count_each")]
    [InlineData("count_aot")]
    public async Task Items_of_every_kind_of_handler_come_in_order_and_as_one_list_to_who_submits(string task)
    {
        Assert.Equal(Enumerable.Range(0, 5000), await All(Pool.Stream<int>(task, [5000])));
        Assert.Empty(await All(Pool.Stream<int>(task, [0])));
        Assert.Equal(Enumerable.Range(0, 5000), await Pool.Submit<List<int>>(task, [5000]).Task.WaitAsync(TestPool.Patience, Token));
        Assert.Empty(await Pool.Submit<int[]>(task, [0]).Task.WaitAsync(TestPool.Patience, Token));
    }

    [Fact]
    public async Task Bytes_and_messages_are_items_too()
    {
        var bytes = await All(Pool.StreamBytes("split", new byte[] { 1, 2, 3 }));
        Assert.Equal([[1], [2], [3]], bytes.Select(static b => b.ToArray()));
        Assert.Equal([0, 1, 2], (await All(Pool.StreamMessage<Int32Value>("count_messages", new Int32Value { Value = 3 }))).Select(static m => m.Value));

        // Yielded again and again from the same memory; the second is an empty one.
        Assert.Equal([[0, 0], [1, 1]], await All(Pool.Stream<byte[]>("fill_items", [2, 2])));
        Assert.Equal([[], []], await All(Pool.Stream<byte[]>("fill_items", [2, 0])));
        var failure = await TestPool.FailureOf(Pool.SubmitMessage<Int32Value>("count_messages", new Int32Value { Value = 3 }));
        Assert.Contains("take them one by one with Stream", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_larger_than_a_frame_come_whole_among_small_tasks()
    {
        const int size = 3_000_000;
        var stream = Pool.Stream<byte[]>("fill_items", [5, size]);
        var small = Task.Run(() => Task.WhenAll(Enumerable.Range(0, 200).Select(i => Pool.Submit<int>("increment", [i]).Task)), Token);
        var number = 0;
        await foreach (var item in stream)
        {
            Assert.Equal(size, item.Length);
            Assert.Equal(-1, item.AsSpan().IndexOfAnyExcept((byte)number));
            number++;
        }

        Assert.Equal(5, number);
        Assert.Equal(Enumerable.Range(1, 200), await small.WaitAsync(TestPool.Patience, Token));
    }

    [Fact]
    public async Task A_function_of_every_shape_is_streamed_without_a_cast()
    {
        Assert.Equal([0], await All(Pool.Stream(StreamShapes.Later0)));
        Assert.Equal([1], await All(Pool.Stream(StreamShapes.Later0Token)));
        Assert.Equal([7, 0], await All(Pool.Stream(StreamShapes.Later1, 7)));
        Assert.Equal([7, 1], await All(Pool.Stream(StreamShapes.Later1Token, 7)));
        Assert.Equal([7, 8, 0], await All(Pool.Stream(StreamShapes.Later2, 7, 8)));
        Assert.Equal([7, 8, 1], await All(Pool.Stream(StreamShapes.Later2Token, 7, 8)));
        Assert.Equal([7, 8, 9, 0], await All(Pool.Stream(StreamShapes.Later3, 7, 8, 9)));
        Assert.Equal([7, 8, 9, 1], await All(Pool.Stream(StreamShapes.Later3Token, 7, 8, 9)));
        Assert.Equal([7, 8, 9, 5, 0], await All(Pool.Stream(StreamShapes.Later4, 7, 8, 9, 5)));
        Assert.Equal([7, 8, 9, 5, 1], await All(Pool.Stream(StreamShapes.Later4Token, 7, 8, 9, 5)));
        Assert.Equal([0], await All(Pool.Stream(StreamShapes.Each0)));
        Assert.Equal([1], await All(Pool.Stream(StreamShapes.Each0Token)));
        Assert.Equal([7, 0], await All(Pool.Stream(StreamShapes.Each1, 7)));
        Assert.Equal([7, 1], await All(Pool.Stream(StreamShapes.Each1Token, 7, Token)));
        Assert.Equal([7, 8, 0], await All(Pool.Stream(StreamShapes.Each2, 7, 8, buffer: 1)));
        Assert.Equal([7, 8, 1], await All(Pool.Stream(StreamShapes.Each2Token, 7, 8)));
        Assert.Equal([7, 8, 9, 0], await All(Pool.Stream(StreamShapes.Each3, 7, 8, 9)));
        Assert.Equal([7, 8, 9, 1], await All(Pool.Stream(StreamShapes.Each3Token, 7, 8, 9)));
        Assert.Equal([7, 8, 9, 5, 0], await All(Pool.Stream(StreamShapes.Each4, 7, 8, 9, 5, new TaskOptions { Id = "each4" })));
        Assert.Equal([7, 8, 9, 5, 1], await All(Pool.Stream(StreamShapes.Each4Token, 7, 8, 9, 5)));
        Assert.Equal([new StreamShapes.Page(0, "a"), new StreamShapes.Page(1, "a")], await All(Pool.Stream(StreamShapes.Pages, "a", 2)));

        // One whose items are there as they are asked for is a list to who submits it; of the other the compiler would make a future of a sequence.
        Assert.Equal([7, 0], await Pool.Submit(StreamShapes.Each1, 7).Task.WaitAsync(TestPool.Patience, Token));
        Assert.Contains("pool.Stream", Assert.Throws<ArgumentException>(() => Pool.Submit(StreamShapes.Later1, 7)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_handler_throws_midway_comes_after_its_items()
    {
        var stream = Pool.Stream<int>("count_then", [3, "throw"]);
        var (items, failure) = await UntilItFails(stream);

        Assert.Equal([0, 1, 2], items);
        Assert.Equal((TaskFailureKind.TaskFailed, "told to, midway"), (failure.Kind, failure.Failure.Error!.Message));
        Assert.Equal((TaskState.Failed, failure.Failure), (stream.State, stream.Failure));
    }

    [Fact]
    public async Task A_failure_worth_another_try_is_not_tried_again_once_items_were_given()
    {
        var (items, failure) = await UntilItFails(Pool.Stream<int>("count_then", [3, "throw_retryable"]));
        Assert.Equal([0, 1, 2], items);
        Assert.Contains("not tried again because its caller has been given items", failure.Message, StringComparison.Ordinal);

        // Before the first item the usual rules hold.
        var stream = Pool.Stream<int>("count_then", [0, "throw_retryable"]);
        (items, _) = await UntilItFails(stream);
        Assert.Empty(items);
        Assert.Equal(3, stream.Attempts.Count);
    }

    [Fact]
    public async Task An_item_that_cannot_be_written_or_read_ends_the_stream_and_says_why()
    {
        var (items, failure) = await UntilItFails(Pool.Stream<double>("unwritable_item"));
        Assert.Equal([1.0], items);
        Assert.Contains("could not be written", failure.Message, StringComparison.Ordinal);

        var stream = Pool.Stream<Guid>("count_all");
        var unread = await Assert.ThrowsAsync<TaskException>(async () => await All(stream));
        Assert.Contains("an item of task count_all cannot be read as System.Guid", unread.Message, StringComparison.Ordinal);
        await stream.Settled.WaitAsync(TestPool.Patience, Token);
    }

    [Fact]
    public async Task Who_leaves_the_loop_early_cancels_the_task()
    {
        var path = TestPool.NewPath();
        var stream = Pool.Stream<int>("count_marking", [int.MaxValue, path]);
        await foreach (var item in stream)
        {
            if (item == 5)
            {
                break;
            }
        }

        Assert.Equal(TaskState.Cancelled, stream.State);
        await stream.Settled.WaitAsync(TestPool.Patience, Token);
        Assert.True(File.Exists($"{path}.left"), "the handler's finally block has not run");
        Delete(path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_ends_the_loop_and_the_task(bool ofTheLoop)
    {
        using var token = new CancellationTokenSource();
        var stream = ofTheLoop ? Pool.Stream<int>("count_all") : Pool.Stream<int>("count_all", cancellationToken: token.Token);
        var loop = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var item in stream.WithCancellation(ofTheLoop ? token.Token : default))
            {
                if (item == 5000)
                {
                    await token.CancelAsync();
                }
            }
        });

        await loop.WaitAsync(TestPool.Patience, Token);
        await stream.Settled.WaitAsync(TestPool.Patience, Token);
        Assert.Equal(TaskState.Cancelled, stream.State);
    }

    [Fact]
    public async Task A_time_limit_ends_a_stream_that_nobody_takes()
    {
        var stream = Pool.Stream<int>("count_all", options: new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(300) });
        var failure = await TestPool.FailureOf(stream);

        Assert.Equal(TaskFailureKind.DeadlineExceeded, failure!.Kind);
        await stream.Settled.WaitAsync(TestPool.Patience, Token);

        // What had come before can be taken still.
        var (items, late) = await UntilItFails(stream);
        Assert.Equal(Enumerable.Range(0, WorkerPool.DefaultStreamBuffer), items);
        Assert.Equal(TaskFailureKind.DeadlineExceeded, late.Kind);
        Assert.All(Pool.Workers, static w => Assert.Equal(1, w.Id.Incarnation));
    }

    [Fact]
    public async Task The_items_come_once_and_their_id_belongs_to_one_stream()
    {
        var path = TestPool.NewPath();
        var options = new TaskOptions { Id = "one-stream" };
        var stream = Pool.Stream<int>("count_then", [1, path], options);
        var same = Assert.Throws<TaskException>(() => Pool.Stream<int>("count_then", [1, path], options));
        Assert.Equal(TaskFailureKind.BadInput, same.Kind);
        Assert.Contains("a stream, whose items go to one reader", Assert.Throws<TaskException>(() => Pool.Submit<int[]>("count_then", [1, path], options)).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, "", Token);
        Assert.Equal([0, 1], await All(stream));
        Assert.Throws<InvalidOperationException>(() => stream.GetAsyncEnumerator(Token));

        // After its end the id is free: its items are kept nowhere.
        await stream.Settled.WaitAsync(TestPool.Patience, Token);
        Assert.Equal([0, 1], await All(Pool.Stream<int>("count_then", [1, path], options)));
        File.Delete(path);
    }

    [Fact]
    public async Task A_task_that_yields_nothing_cannot_be_streamed_and_the_error_says_what_to_do()
    {
        var failure = await TestPool.FailureOf(Pool.Stream<int>("add", [1, 2]));
        Assert.Equal((TaskFailureKind.BadInput, true), (failure!.Kind, failure.Failure.NeverStarted));
        Assert.Contains("call it with Submit", failure.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Pool.Stream<int>("count", [1], buffer: 0));
    }

    [Fact]
    public async Task An_endless_handler_that_is_submitted_fails_at_the_limit_and_not_at_the_end_of_the_memory()
    {
        var options = TestPool.Options() with { MaxMessageBytes = 300_000 };
        await using var pool = await TestPool.StartAsync(options);
        Assert.Contains("300000 bytes (MaxMessageBytes", (await TestPool.FailureOf(pool.Submit<int[]>("count_all")))!.Message, StringComparison.Ordinal);

        // The same limit holds for one item.
        var (items, failure) = await UntilItFails(pool.Stream<byte[]>("fill_items", [1, 300_001]));
        Assert.Empty(items);
        Assert.Contains("an item of task \"fill_items\" is 300001 bytes, more than the limit of 300000 bytes (MaxMessageBytes", failure.Message, StringComparison.Ordinal);
    }

    internal static async Task<List<T>> All<T>(TaskStream<T> stream)
    {
        var all = new List<T>();
        await foreach (var item in stream.WithCancellation(Token))
        {
            all.Add(item);
        }

        return all;
    }

    internal static async Task<(List<T> Items, TaskException Failure)> UntilItFails<T>(TaskStream<T> stream)
    {
        var items = new List<T>();
        var failure = await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var item in stream.WithCancellation(Token))
            {
                items.Add(item);
            }
        });
        return (items, failure);
    }

    private static void Delete(string path)
    {
        File.Delete(path);
        File.Delete($"{path}.left");
    }
}
