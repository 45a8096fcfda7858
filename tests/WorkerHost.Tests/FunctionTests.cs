namespace WorkerHost.Tests;

/// <summary>Functions as tasks.</summary>
public sealed class FunctionTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private WorkerPool Pool => shared.Pool;

    [Fact]
    public async Task A_function_of_every_shape_is_submitted_without_a_cast_and_gives_its_value_or_nothing()
    {
        // One worker: what it was given last is asked of the one that was given it.
        await using var pool = await TestPool.StartAsync();
        await Ends(pool.Submit(Shapes.Nothing0), "Nothing0 0 False");
        await Ends(pool.Submit(Shapes.Nothing0Token), "Nothing0Token 0 True");
        await Ends(pool.Submit(Shapes.Nothing1, 1), "Nothing1 1 False");
        await Ends(pool.Submit(Shapes.Nothing1Token, 1), "Nothing1Token 1 True");
        await Ends(pool.Submit(Shapes.Nothing2, 1, 10), "Nothing2 11 False");
        await Ends(pool.Submit(Shapes.Nothing2Token, 1, 10), "Nothing2Token 11 True");
        await Ends(pool.Submit(Shapes.Nothing3, 1, 10, 100), "Nothing3 111 False");
        await Ends(pool.Submit(Shapes.Nothing3Token, 1, 10, 100), "Nothing3Token 111 True");
        await Ends(pool.Submit(Shapes.Nothing4, 1, 10, 100, 1000), "Nothing4 1111 False");
        await Ends(pool.Submit(Shapes.Nothing4Token, 1, 10, 100, 1000), "Nothing4Token 1111 True");
        await Ends(pool.Submit(Shapes.Waits0), "Waits0 0 False");
        await Ends(pool.Submit(Shapes.Waits0Token), "Waits0Token 0 True");
        await Ends(pool.Submit(Shapes.Waits1, 1), "Waits1 1 False");
        await Ends(pool.Submit(Shapes.Waits1Token, 1), "Waits1Token 1 True");
        await Ends(pool.Submit(Shapes.Waits2, 1, 10), "Waits2 11 False");
        await Ends(pool.Submit(Shapes.Waits2Token, 1, 10), "Waits2Token 11 True");
        await Ends(pool.Submit(Shapes.Waits3, 1, 10, 100), "Waits3 111 False");
        await Ends(pool.Submit(Shapes.Waits3Token, 1, 10, 100), "Waits3Token 111 True");
        await Ends(pool.Submit(Shapes.Waits4, 1, 10, 100, 1000), "Waits4 1111 False");
        await Ends(pool.Submit(Shapes.Waits4Token, 1, 10, 100, 1000), "Waits4Token 1111 True");
        await Ends(pool.Submit(Shapes.WaitsLightly0), "WaitsLightly0 0 False");
        await Ends(pool.Submit(Shapes.WaitsLightly0Token), "WaitsLightly0Token 0 True");
        await Ends(pool.Submit(Shapes.WaitsLightly1, 1), "WaitsLightly1 1 False");
        await Ends(pool.Submit(Shapes.WaitsLightly1Token, 1), "WaitsLightly1Token 1 True");
        await Ends(pool.Submit(Shapes.WaitsLightly2, 1, 10), "WaitsLightly2 11 False");
        await Ends(pool.Submit(Shapes.WaitsLightly2Token, 1, 10), "WaitsLightly2Token 11 True");
        await Ends(pool.Submit(Shapes.WaitsLightly3, 1, 10, 100), "WaitsLightly3 111 False");
        await Ends(pool.Submit(Shapes.WaitsLightly3Token, 1, 10, 100), "WaitsLightly3Token 111 True");
        await Ends(pool.Submit(Shapes.WaitsLightly4, 1, 10, 100, 1000), "WaitsLightly4 1111 False");
        await Ends(pool.Submit(Shapes.WaitsLightly4Token, 1, 10, 100, 1000), "WaitsLightly4Token 1111 True");
        await Gives(0, pool.Submit(Shapes.Value0), "Value0 0 False");
        await Gives(0, pool.Submit(Shapes.Value0Token), "Value0Token 0 True");
        await Gives(1, pool.Submit(Shapes.Value1, 1), "Value1 1 False");
        await Gives(1, pool.Submit(Shapes.Value1Token, 1), "Value1Token 1 True");
        await Gives(11, pool.Submit(Shapes.Value2, 1, 10), "Value2 11 False");
        await Gives(11, pool.Submit(Shapes.Value2Token, 1, 10), "Value2Token 11 True");
        await Gives(111, pool.Submit(Shapes.Value3, 1, 10, 100), "Value3 111 False");
        await Gives(111, pool.Submit(Shapes.Value3Token, 1, 10, 100), "Value3Token 111 True");
        await Gives(1111, pool.Submit(Shapes.Value4, 1, 10, 100, 1000), "Value4 1111 False");
        await Gives(1111, pool.Submit(Shapes.Value4Token, 1, 10, 100, 1000), "Value4Token 1111 True");
        await Gives(0, pool.Submit(Shapes.Later0), "Later0 0 False");
        await Gives(0, pool.Submit(Shapes.Later0Token), "Later0Token 0 True");
        await Gives(1, pool.Submit(Shapes.Later1, 1), "Later1 1 False");
        await Gives(1, pool.Submit(Shapes.Later1Token, 1), "Later1Token 1 True");
        await Gives(11, pool.Submit(Shapes.Later2, 1, 10), "Later2 11 False");
        await Gives(11, pool.Submit(Shapes.Later2Token, 1, 10), "Later2Token 11 True");
        await Gives(111, pool.Submit(Shapes.Later3, 1, 10, 100), "Later3 111 False");
        await Gives(111, pool.Submit(Shapes.Later3Token, 1, 10, 100), "Later3Token 111 True");
        await Gives(1111, pool.Submit(Shapes.Later4, 1, 10, 100, 1000), "Later4 1111 False");
        await Gives(1111, pool.Submit(Shapes.Later4Token, 1, 10, 100, 1000), "Later4Token 1111 True");
        await Gives(0, pool.Submit(Shapes.LaterLightly0), "LaterLightly0 0 False");
        await Gives(0, pool.Submit(Shapes.LaterLightly0Token), "LaterLightly0Token 0 True");
        await Gives(1, pool.Submit(Shapes.LaterLightly1, 1), "LaterLightly1 1 False");
        await Gives(1, pool.Submit(Shapes.LaterLightly1Token, 1), "LaterLightly1Token 1 True");
        await Gives(11, pool.Submit(Shapes.LaterLightly2, 1, 10), "LaterLightly2 11 False");
        await Gives(11, pool.Submit(Shapes.LaterLightly2Token, 1, 10), "LaterLightly2Token 11 True");
        await Gives(111, pool.Submit(Shapes.LaterLightly3, 1, 10, 100), "LaterLightly3 111 False");
        await Gives(111, pool.Submit(Shapes.LaterLightly3Token, 1, 10, 100), "LaterLightly3Token 111 True");
        await Gives(1111, pool.Submit(Shapes.LaterLightly4, 1, 10, 100, 1000), "LaterLightly4 1111 False");
        await Gives(1111, pool.Submit(Shapes.LaterLightly4Token, 1, 10, 100, 1000), "LaterLightly4Token 1111 True");

        // That these compile is half of the proof: what has no value gives no future of a task.
        async Task Gives(int expected, TaskFuture<int> future, string last)
        {
            Assert.Equal(expected, await future.Task.WaitAsync(TestPool.Patience));
            Assert.Equal(last, await pool.Submit(Shapes.Last).Task.WaitAsync(TestPool.Patience));
        }

        async Task Ends(TaskFuture future, string last)
        {
            _ = Assert.IsType<TaskFuture<object?>>(future);
            await future.Completion.WaitAsync(TestPool.Patience);
            Assert.Equal(last, await pool.Submit(Shapes.Last).Task.WaitAsync(TestPool.Patience));
        }
    }

    [Fact]
    public async Task Bytes_messages_nothing_and_objects_travel_as_arguments_and_results()
    {
        Assert.Equal(new byte[] { 2, 1 }, await Pool.Submit(Shapes.Reverse, new byte[] { 1, 2 }).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(8, (await Pool.Submit(Shapes.Next, new Google.Protobuf.WellKnownTypes.Int32Value { Value = 7 }).Task.WaitAsync(TestPool.Patience)).Value);
        Assert.Equal("\0ä\"", await Pool.Submit(Shapes.Concat, "\0ä", "\"").Task.WaitAsync(TestPool.Patience));
        Assert.Null(await Pool.Submit(Shapes.Concat, (string?)null, (string?)null).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(new Shapes.Point(2, 1), await Pool.Submit(Shapes.Mirror, new Shapes.Point(1, 2)).Task.WaitAsync(TestPool.Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_is_never_sent_but_cancels_the_task_as_an_argument_and_by_name(bool asArgument)
    {
        using var token = new CancellationTokenSource();
        var path = TestPool.NewPath();
        var future = asArgument ? Pool.Submit(Shapes.UntilCancelled, path, token.Token) : Pool.Submit(Shapes.UntilCancelled, path, cancellationToken: token.Token);
        await TestPool.Until(() => File.Exists(path));

        await token.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => future.Task.WaitAsync(TestPool.Patience));
        await future.Settled.WaitAsync(TestPool.Patience);
        Assert.ThrowsAny<OperationCanceledException>(() => { _ = Pool.Submit(Shapes.UntilCancelled, path, token.Token); });
        File.Delete(path);
    }

    [Fact]
    public async Task A_function_is_mapped_over_items()
    {
        Assert.Equal([0, 1, 2, 3], await Pool.Map(Shapes.Value1, Enumerable.Range(0, 4)).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal([0, 1, 2, 3], await Pool.Map(Shapes.Later1Token, Enumerable.Range(0, 4).ToAsyncEnumerable()).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_a_function_throws_is_told_and_options_count()
    {
        var failure = await TestPool.FailureOf(Pool.Submit(Shapes.Divide, 1, 0, new TaskOptions { Id = "division" }));

        Assert.Equal(("division", "WorkerHost.Shapes.Divide", TaskFailureKind.TaskFailed), (failure!.TaskId, failure.TaskName, failure.Kind));
        Assert.Equal("System.DivideByZeroException", failure.Failure.Error!.Type);
    }

    [Fact]
    public async Task A_handler_found_by_reflection_that_is_called_often_is_compiled_and_fails_as_before()
    {
        TaskException failure;
        do
        {
            var futures = Enumerable.Range(0, 100).Select(_ => Pool.Submit<int>("divide_by_reflection", [1, 0])).ToList();
            failure = (await Task.WhenAll(futures.Select(TestPool.FailureOf))).Last()!;
        }
        while (!failure.Failure.Error!.StackTrace.Contains("lambda_method", StringComparison.Ordinal));

        Assert.Equal("System.DivideByZeroException", failure.Failure.Error!.Type);
        Assert.Equal(5, await Pool.Submit<int>("divide_by_reflection", [10, 2]).Task.WaitAsync(TestPool.Patience));
        var bad = await TestPool.FailureOf(Pool.Submit<int>("divide_by_reflection", ["one", 2]));
        Assert.Contains("argument \"int dividend\" could not be read", bad!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_values_of_a_tuple_arrive_and_come_back()
    {
        // Often enough that both ways of the worker are taken.
        for (var i = 0; i < 600; i++)
        {
            Assert.Equal(("text", i), await Pool.Submit<(string, int)>("turn", [(i, "text")]).Task.WaitAsync(TestPool.Patience));
        }
    }

    [Fact]
    public void What_no_other_process_can_find_is_refused_with_its_name_and_what_to_do()
    {
        // That a method is known says nothing of a delegate that holds it twice.
        _ = Pool.Submit(Shapes.Value1, 1);
        static int Local(int value) => value;
        Func<int, int> several = Shapes.Value1;
        several += Shapes.Value1;
        Action bound = new Adder(1).Add;

        Says("(in WorkerHost.Tests.FunctionTests.What_no_other_process_can_find_is_refused_with_its_name_and_what_to_do) is a lambda", () => Pool.Submit((int a) => a + 1, 1));
        Says("is a local function", () => Pool.Submit(Local, 1));
        Says("WorkerHost.Tests.FunctionTests.Adder.Add is an instance method", () => Pool.Submit(bound));
        Says("is made of several delegates", () => Pool.Submit(several, 1));
        Says("is generic", () => Pool.Submit(Enumerable.Count<int>, new[] { 1 }.AsEnumerable()));
        Says("WorkerHost.Tests.FunctionTests.Of`1.First is generic", () => Pool.Submit(Of<int>.First, 1));

        static void Says(string what, Func<TaskFuture> submit)
        {
            var message = Assert.Throws<ArgumentException>(submit).Message;
            Assert.Contains(what, message.Replace('+', '.'), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_function_that_its_worker_does_not_know_fails_with_its_name_and_what_to_do()
    {
        var failure = await TestPool.FailureOf(Pool.Submit(NotMapped.Twice, 1));

        Assert.Equal(TaskFailureKind.UnknownTask, failure!.Kind);
        Assert.Contains("no task \"WorkerHost.Tests.FunctionTests.NotMapped.Twice\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains("worker.MapTasks(typeof(NotMapped))", failure.Message, StringComparison.Ordinal);
    }

    private static class Of<T>
    {
        public static T First(T value) => value;
    }

    private static class NotMapped
    {
        public static int Twice(int value) => 2 * value;
    }

    private sealed class Adder(int step)
    {
        private int sum;

        public void Add() => sum += step;
    }
}
