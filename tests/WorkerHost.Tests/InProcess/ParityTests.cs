using Google.Protobuf.WellKnownTypes;
using WorkerHost.TestWorker;

namespace WorkerHost.Tests;

/// <summary>What a pool does is the same whether its handlers run in processes or on threads of this one: every test here runs over both.</summary>
public sealed class ParityTests
{
    public enum Kind
    {
        Processes,
        Threads,
    }

    public static TheoryData<Kind> Kinds => [Kind.Processes, Kind.Threads];

    [Theory, MemberData(nameof(Kinds))]
    public async Task Results_arrive_as_what_they_are(Kind kind)
    {
        await using var pool = await StartAsync(kind);

        Assert.Equal(3, await Value(pool.Submit<int>("add", [1, 2])));
        Assert.Equal("Hello, you", await Value(pool.Submit<string>("greet", ["you"])));
        Assert.Null(await TestPool.FailureOf(pool.Submit("nothing")));
        Assert.Equal(new Shapes.Point(4, 3), await Value(pool.Submit<Shapes.Point>("move", [new Shapes.Point(1, 2), 3, 1])));
        Assert.Equal([3, 2, 1], (await Value(pool.SubmitBytes("reverse", new byte[] { 1, 2, 3 }))).ToArray());
        Assert.Equal(8, (await Value(pool.SubmitMessage<Int32Value>("increment_message", new Int32Value { Value = 7 }))).Value);
        Assert.Equal(14, await Value(pool.Submit<int>("double_aot", [7])));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_payload_of_many_frames_goes_there_and_back(Kind kind)
    {
        await using var pool = await StartAsync(kind);
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);

        Assert.Equal(bytes, (await Value(pool.SubmitBytes("echo", bytes))).ToArray());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task What_a_handler_is_given_is_a_copy(Kind kind)
    {
        await using var pool = await StartAsync(kind);
        byte[] bytes = [1, 2, 3];

        var result = (await Value(pool.SubmitBytes("echo", bytes))).ToArray();
        result[0] = 9;

        Assert.Equal([1, 2, 3], bytes);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Failures_have_the_same_kind_and_words(Kind kind)
    {
        await using var pool = await StartAsync(kind, maxMessageBytes: 1_500_000);

        var thrown = (await TestPool.FailureOf(pool.Submit("throw_with_cause", ["outer", "inner"])))!.Failure;
        Assert.Equal((TaskFailureKind.TaskFailed, typeof(InvalidOperationException).FullName, "outer"), (thrown.Kind, thrown.Error!.Type, thrown.Error.Message));
        Assert.Equal((typeof(FormatException).FullName, "inner"), (thrown.Error.Cause!.Type, thrown.Error.Cause.Message));
        Assert.Contains("DyingTasks", thrown.Error.StackTrace, StringComparison.Ordinal);

        var unknown = (await TestPool.FailureOf(pool.Submit("no_such_task")))!.Failure;
        Assert.Equal((TaskFailureKind.UnknownTask, true), (unknown.Kind, unknown.NeverStarted));
        Assert.Contains("it knows ", unknown.Message, StringComparison.Ordinal);

        var bad = (await TestPool.FailureOf(pool.Submit("add", ["one", 2])))!.Failure;
        Assert.Equal(TaskFailureKind.BadInput, bad.Kind);
        Assert.Contains("argument \"int a\" could not be read", bad.Message, StringComparison.Ordinal);

        var large = (await TestPool.FailureOf(pool.Submit("fill", [2_000_000])))!.Failure;
        Assert.Equal(TaskFailureKind.TaskFailed, large.Kind);
        Assert.Contains("more than the limit of 1500000 bytes", large.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_failure_marked_retryable_is_tried_again(Kind kind)
    {
        await using var pool = await StartAsync(kind);

        var future = pool.Submit("throw_retryable", ["again", 1.0]);

        Assert.Equal(TaskFailureKind.TaskFailed, (await TestPool.FailureOf(future))?.Kind);
        Assert.Equal(3, future.Attempts.Count);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_running_and_a_waiting_task_are_cancelled(Kind kind)
    {
        await using var pool = await StartAsync(kind);
        var running = pool.Submit<int>("sleep", [600_000]);
        await TestPool.Until(() => running.State == TaskState.Running);
        var waiting = pool.Submit<int>("add", [1, 2]);

        Assert.True(waiting.Cancel());
        Assert.True(running.Cancel());
        Assert.False(running.Cancel());

        await running.Settled.WaitAsync(TestPool.Patience);
        await waiting.Settled.WaitAsync(TestPool.Patience);
        Assert.Equal((TaskState.Cancelled, TaskState.Cancelled), (running.State, waiting.State));
        Assert.Equal(3, await Value(pool.Submit<int>("add", [1, 2])));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_time_limit_ends_a_running_and_a_waiting_task(Kind kind)
    {
        await using var pool = await StartAsync(kind);
        var running = pool.Submit<int>("sleep", [600_000], new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(200) });
        await TestPool.Until(() => running.State == TaskState.Running || running.IsDone);
        var waiting = pool.Submit<int>("add", [1, 2], new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(10) });

        Assert.Equal(TaskFailureKind.DeadlineExceeded, (await TestPool.FailureOf(running))?.Kind);
        Assert.Equal(TaskFailureKind.DeadlineExceeded, (await TestPool.FailureOf(waiting))?.Kind);
        Assert.True(waiting.Failure!.NeverStarted);
        await running.Settled.WaitAsync(TestPool.Patience);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Map_gives_results_in_order(Kind kind)
    {
        await using var pool = await StartAsync(kind);

        var results = new List<int>();
        await foreach (var result in pool.Map<int, int>("increment", Enumerable.Range(0, 2000)))
        {
            results.Add(result);
        }

        Assert.Equal(Enumerable.Range(1, 2000), results);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Items_arrive_in_order_and_a_caller_who_leaves_ends_their_task(Kind kind)
    {
        await using var pool = await StartAsync(kind);

        var items = new List<int>();
        await foreach (var item in pool.Stream<int>("count", [5000], buffer: 10))
        {
            items.Add(item);
        }

        Assert.Equal(Enumerable.Range(0, 5000), items);
        var left = pool.Stream<int>("count", [int.MaxValue], buffer: 10);
        await foreach (var item in left)
        {
            if (item == 100)
            {
                break;
            }
        }

        await left.Settled.WaitAsync(TestPool.Patience);
        Assert.Equal(TaskState.Cancelled, left.State);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task The_same_id_is_the_same_task(Kind kind)
    {
        await using var pool = await StartAsync(kind);
        var running = pool.Submit<int>("sleep", [600_000], new TaskOptions { Id = "once" });
        var joined = pool.Submit<int>("sleep", [600_000], new TaskOptions { Id = "once" });

        Assert.Equal("once", joined.Id);
        Assert.Equal(1, pool.UnsettledTasks);
        running.Cancel();
        Assert.Equal(TaskState.Cancelled, joined.State);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task What_is_more_urgent_goes_first(Kind kind)
    {
        await using var pool = await StartAsync(kind);
        var busy = pool.Submit<int>("sleep", [600_000]);
        await TestPool.Until(() => busy.State == TaskState.Running);
        var path = TestPool.NewPath();
        string[] ids = ["low", "normal", "high"];
        var futures = ids.Zip([TaskPriority.Low, TaskPriority.Normal, TaskPriority.High])
            .Select(task => pool.Submit<string>("record", [path, 10], new TaskOptions { Id = task.First, Priority = task.Second }))
            .ToList();

        busy.Cancel();
        await TaskFuture.WhenAll(futures).WaitAsync(TestPool.Patience);

        var lines = await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(["high", "normal", "low"], lines.Select(static l => l.Split(' ')).Where(static l => l[3] == "begin").Select(static l => l[0]));
        File.Delete(path);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Functions_are_called(Kind kind)
    {
        await using var pool = await StartAsync(kind);

        Assert.Equal(5, await Value(pool.Submit(Shapes.Divide, 10, 2)));
        Assert.Equal(typeof(DivideByZeroException).FullName, (await TestPool.FailureOf(pool.Submit(Shapes.Divide, 1, 0)))?.Failure.Error?.Type);
        Assert.Equal([2, 1], await Value(pool.Submit(Shapes.Reverse, new byte[] { 1, 2 })));
        Assert.Equal(2, (await Value(pool.Submit(Shapes.Next, new Int32Value { Value = 1 }))).Value);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_handler_knows_its_task_and_runs_on_a_lane(Kind kind)
    {
        await using var pool = await StartAsync(kind);

        var facts = await Value(pool.Submit<ValueTasks.Facts>(
            "worker", [], new TaskOptions { Id = "mine", TimeLimit = TimeSpan.FromHours(1), Headers = new Dictionary<string, string> { ["a"] = "b" } }));

        Assert.Equal(("mine", "worker", 1, "workerhost lane 0"), (facts.Id, facts.Task, facts.Attempt, facts.Thread));
        Assert.Equal("b", facts.Headers["a"]);
        Assert.InRange(facts.TimeRemainingMs!.Value, 1, 3_600_000);
        Assert.Equal(pool.Workers[0].Id.ToString(), facts.Worker);
        Assert.Equal(kind == Kind.Threads, facts.Pid == Environment.ProcessId);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_stop_lets_accepted_tasks_finish_or_cancels_them(Kind kind)
    {
        await using (var pool = await StartAsync(kind))
        {
            var accepted = Enumerable.Range(0, 50).Select(i => pool.Submit<int>("add", [i, 1])).ToList();
            await pool.StopAsync().WaitAsync(TestPool.Patience);
            Assert.All(accepted, static f => Assert.Equal(TaskState.Succeeded, f.State));
            Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit<int>("add", [1, 2])).Kind);
        }

        await using (var pool = await StartAsync(kind))
        {
            var running = pool.Submit<int>("sleep", [600_000]);
            await pool.StopAsync(StopMode.CancelAll).WaitAsync(TestPool.Patience);
            Assert.Equal(TaskState.Cancelled, running.State);
        }
    }

    private static async Task<WorkerPool> StartAsync(Kind kind, int maxMessageBytes = 64 * 1024 * 1024)
    {
        var options = TestPool.Options();
        return kind == Kind.Processes
            ? await TestPool.StartAsync(options with { MaxMessageBytes = maxMessageBytes, Supervision = options.Supervision with { Spares = 0 } })
            : await WorkerPool.StartInProcessAsync(
                Program,
                new InProcessPoolOptions { Name = options.Name, Concurrency = 1, Retry = options.Retry, MaxMessageBytes = maxMessageBytes },
                TestContext.Current.CancellationToken);
    }

    // The test worker's own.
    private static void Program(WorkerApplication worker)
    {
        ValueTasks.Map(worker);
        StoppingTasks.Map(worker);
        DyingTasks.Map(worker);
        FileTasks.Map(worker);
        StreamTasks.Map(worker);
        worker.MapTasks(typeof(Shapes));
    }

    private static Task<T> Value<T>(TaskFuture<T> future) => future.Task.WaitAsync(TestPool.Patience);
}
