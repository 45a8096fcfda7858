using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Client.Tests;

/// <summary>The same id again is the same task: attached, not run twice.</summary>
public sealed class SameIdTests
{
    private static readonly TaskOptions Mine = new() { Id = "mine" };

    [Fact]
    public async Task Submitted_again_while_it_runs_every_future_gets_the_one_result()
    {
        using var goOn = new ManualResetEventSlim();
        await using var endpoint = new FakeEndpoint(task =>
        {
            goOn.Wait();
            return FakeEndpoint.Echo(task);
        });
        await using var pool = await ConnectAsync(endpoint);

        var first = pool.Submit<int>("echo", [7], Mine);
        var again = Enumerable.Range(0, 10).Select(_ => pool.Submit<long>("echo", [7], Mine)).ToList();
        var waited = await pool.SubmitAsync<string>("echo", [7], Mine, TestContext.Current.CancellationToken);
        goOn.Set();

        Assert.Equal(7, await first.Soon());
        Assert.All(await TaskFuture.WhenAll(again).Soon(), static r => Assert.Equal(7, r));
        Assert.Equal(TaskFailureKind.BadInput, (await Assert.ThrowsAsync<TaskException>(() => waited.Soon())).Kind);
        Assert.Equal(1, endpoint.Received);
        Assert.All(again, f => Assert.Equal((first.Id, TaskState.Succeeded), (f.Id, f.State)));
        Assert.Equal(first.Attempts, again[0].Attempts);
        await Task.WhenAll(again.Select(static f => f.Settled)).Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Submitted_again_after_its_end_it_has_the_outcome_at_once(bool fails)
    {
        await using var endpoint = new FakeEndpoint(task => fails ? Failed(task) : FakeEndpoint.Echo(task));
        await using var pool = await ConnectAsync(endpoint);
        await pool.Submit<int>("echo", [7], Mine).Settled.Soon();

        var again = pool.Submit<int>("echo", [7], Mine);

        Assert.True(again.IsDone);
        Assert.True(again.Settled.IsCompleted);
        Assert.Equal(fails ? TaskState.Failed : TaskState.Succeeded, again.State);
        Assert.Equal(1, endpoint.Received);
        if (!fails)
        {
            Assert.Equal(7, await again.Soon());
        }
    }

    [Fact]
    public async Task Other_work_under_a_known_id_is_refused_and_the_task_goes_on()
    {
        using var goOn = new ManualResetEventSlim();
        await using var endpoint = new FakeEndpoint(task =>
        {
            goOn.Wait();
            return FakeEndpoint.Echo(task);
        });
        await using var pool = await ConnectAsync(endpoint);
        var first = pool.Submit<int>("echo", [7], Mine);

        foreach (var (task, argument) in new[] { ("count", 7), ("echo", 77), ("echo", 8) })
        {
            var refused = Assert.Throws<TaskException>(() => pool.Submit<int>(task, [argument], Mine));
            Assert.Equal((TaskFailureKind.BadInput, true), (refused.Kind, refused.Failure.NeverStarted));
            Assert.Contains("mine", refused.Message, StringComparison.Ordinal);
        }

        goOn.Set();
        Assert.Equal(7, await first.Soon());
    }

    [Fact]
    public async Task Cancelling_one_of_its_futures_cancels_the_task_for_all()
    {
        await using var endpoint = new FakeEndpoint(static _ => null);
        await using var pool = await ConnectAsync(endpoint);
        var first = pool.Submit<int>("echo", [7], Mine);
        var again = pool.Submit<int>("echo", [7], Mine);
        Assert.True(again.Cancel());
        Assert.False(first.Cancel());
        Assert.Equal((TaskState.Cancelled, TaskState.Cancelled), (first.State, again.State));
        endpoint.Break();
        await first.Settled.Soon();
    }

    [Fact]
    public async Task What_provably_never_ran_may_be_submitted_again()
    {
        await using var endpoint = new FakeEndpoint(static task => task.Task == "echo" ? FakeEndpoint.Echo(task) : null, concurrency: 1);
        await using var pool = await ConnectAsync(endpoint, new WorkerPoolOptions { QueueCapacity = 1 });
        var running = pool.Submit<int>("wait");
        var waiting = pool.Submit<int>("echo", [1]);
        Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit<int>("echo", [7], Mine)).Kind);
        waiting.Cancel();
        pool.Submit<int>("echo", [7], Mine).Cancel();

        var again = pool.Submit<int>("echo", [7], Mine);

        Assert.False(again.IsDone);
        endpoint.Break();
        Assert.Equal(7, await again.Soon());
        await running.Completion.Ended();
    }

    [Fact]
    public async Task A_refusal_is_thrown_and_reported_nowhere_else()
    {
        var unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, e) => Interlocked.Add(ref unobserved, e.Exception.ToString().Contains("task unheard", StringComparison.Ordinal) || e.Exception.ToString().Contains("larger than the whole queue", StringComparison.Ordinal) ? 1 : 0);
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
            await using var pool = await ConnectAsync(endpoint, new WorkerPoolOptions { QueueBytes = 1 });
            Assert.Throws<TaskException>(() => pool.Submit<int>("unheard", [7], Mine));
            await Assert.ThrowsAsync<TaskException>(() => pool.SubmitAsync<int>("unheard", [7], Mine, TestContext.Current.CancellationToken).AsTask());
        }
        finally
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.Equal(0, unobserved);
    }

    [Fact]
    public async Task Many_threads_that_submit_the_same_ids_at_once_run_each_task_once()
    {
        const int threads = 4, ids = 300;
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo, concurrency: 8);
        await using var pool = await ConnectAsync(endpoint);
        using var together = new Barrier(threads);
        var results = await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(() =>
        {
            together.SignalAndWait();
            return TaskFuture.WhenAll(Enumerable.Range(0, ids).Select(i => pool.Submit<int>("echo", [1000 + i], new TaskOptions { Id = $"id-{i}" })).ToList());
        }))).Soon();
        Assert.All(results, static r => Assert.Equal(Enumerable.Range(1000, ids), r));
        Assert.Equal(ids, endpoint.Received);
    }

    [Fact]
    public async Task With_a_pipeline_around_every_attempt_it_is_one_task_too()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await ConnectAsync(endpoint, new WorkerPoolOptions { AttemptPipeline = Polly.ResiliencePipeline.Empty });
        var futures = Enumerable.Range(0, 3).Select(_ => pool.Submit<int>("echo", [7], Mine)).ToList();
        Assert.All(await TaskFuture.WhenAll(futures).Soon(), static r => Assert.Equal(7, r));
        await Task.WhenAll(futures.Select(static f => f.Settled)).Soon();
        Assert.Equal(1, endpoint.Received);
    }

    [Fact]
    public void An_outcome_is_forgotten_after_its_time()
    {
        var time = new FakeTimeProvider();
        var known = new KnownTasks(new KeptOutcomeOptions { For = TimeSpan.FromMinutes(1) }, time);
        var ended = End(known, "a");
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Same(ended, known.FindOrAdd("a", Make(known, "a")));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(known.FindOrAdd("a", Make(known, "a")));
    }

    [Fact]
    public void Outcomes_take_no_more_bytes_than_allowed_and_the_oldest_goes_first()
    {
        var known = new KnownTasks(new KeptOutcomeOptions { Bytes = 10_000 }, new FakeTimeProvider());
        End(known, "a", bytes: 4000);
        var second = End(known, "b", bytes: 3000);
        End(known, "too large", bytes: 20_000);
        Assert.Null(known.FindOrAdd("too large", Make(known, "too large")));
        End(known, "c", bytes: 1000);
        Assert.Null(known.FindOrAdd("a", Make(known, "a")));
        Assert.Same(second, known.FindOrAdd("b", Make(known, "b")));
    }

    [Fact]
    public void A_failure_counts_with_its_texts_and_a_task_with_its_headers()
    {
        var known = new KnownTasks(new KeptOutcomeOptions { Bytes = 100_000 }, new FakeTimeProvider());
        var text = new string('x', 15_000);
        var failed = AttemptOutcome.Failed(new TaskFailure { Kind = TaskFailureKind.TaskFailed, Message = text, Error = new RemoteError("T", text, "", new RemoteError("T", "", text, null)) });
        var first = End(known, "a", failed);
        Assert.Same(first, known.FindOrAdd("a", Make(known, "a")));
        End(known, "b", failed);
        Assert.Null(known.FindOrAdd("a", Make(known, "a")));

        var second = Make(known, "c", new Dictionary<string, string> { ["h"] = new('x', 45_000) });
        Assert.Null(known.FindOrAdd("c", second));
        second.Complete(FakeConnection.Json("1"));
        second.Settle();
        Assert.Null(known.FindOrAdd("b", Make(known, "b")));
        Assert.Same(second, known.FindOrAdd("c", Make(known, "c")));
    }

    [Fact]
    public void Of_two_outcomes_every_future_has_the_first_whoever_is_told_when()
    {
        var task = Make(new KnownTasks(new KeptOutcomeOptions(), new FakeTimeProvider()), "a");
        var (first, second) = (new Told(), new Told());
        first.Then = () => task.Complete(FakeConnection.Json("2"));
        task.Attach(first);
        task.Attach(second);
        task.Complete(FakeConnection.Json("1"));
        Assert.Equal(["1", "1"], new[] { first, second }.Select(static f => System.Text.Encoding.UTF8.GetString(f.Outcome!.Value.Data.Span)));
    }

    [Fact]
    public async Task Who_cancels_it_while_it_waits_for_a_place_in_the_queue_ends_it_for_all()
    {
        var echoes = 0;
        await using var endpoint = new FakeEndpoint(task => task.Task == "echo" && Interlocked.Increment(ref echoes) > 0 ? FakeEndpoint.Echo(task) : null, concurrency: 1);
        await using var pool = await ConnectAsync(endpoint, new WorkerPoolOptions { QueueCapacity = 0 });
        var running = pool.Submit("wait");
        var waiting = pool.SubmitAsync<int>("echo", [7], Mine, TestContext.Current.CancellationToken).AsTask();
        var again = pool.Submit<int>("echo", [7], Mine);

        Assert.True(again.Cancel());

        Assert.Equal(TaskState.Cancelled, again.State);
        await again.Settled.Soon();
        Assert.Equal(TaskFailureKind.Cancelled, (await Assert.ThrowsAsync<TaskException>(() => waiting.Soon())).Kind);
        endpoint.Break();
        await running.Completion.Ended();
        Assert.Equal(0, echoes);
    }

    [Fact]
    public void Without_keeping_an_id_is_known_only_until_nothing_of_its_task_runs()
    {
        var known = new KnownTasks(new KeptOutcomeOptions { For = TimeSpan.Zero }, new FakeTimeProvider());
        var running = Make(known, "a");
        Assert.Null(known.FindOrAdd("a", running));
        running.Complete(FakeConnection.Json("1"));
        Assert.Same(running, known.FindOrAdd("a", Make(known, "a")));
        running.Settle();
        Assert.Null(known.FindOrAdd("a", Make(known, "a")));
    }

    private static SharedTask Make(KnownTasks known, string id, Dictionary<string, string>? headers = null) =>
        new(new TaskEntry(1, "work", new TaskOptions { Id = id, Headers = headers }, new byte[8], ContentType.Json, 1), known);

    private static SharedTask End(KnownTasks known, string id, int bytes = 1) => End(known, id, AttemptOutcome.Success(new byte[bytes], ContentType.Bytes));

    private static SharedTask End(KnownTasks known, string id, AttemptOutcome outcome)
    {
        var task = Make(known, id);
        Assert.Null(known.FindOrAdd(id, task));
        task.Complete(outcome);
        task.Settle();
        return task;
    }

    /// <summary>A future that keeps the first outcome it is told.</summary>
    private sealed class Told : ICompletion
    {
        public AttemptOutcome? Outcome { get; private set; }

        public Action? Then { get; set; }

        public void Complete(in AttemptOutcome outcome)
        {
            Outcome ??= outcome;
            var then = Then;
            Then = null;
            then?.Invoke();
        }

        public void Settle()
        {
        }
    }

    private static V1.TaskOutcome Failed(V1.TaskSubmission task) =>
        new() { Sequence = task.Sequence, Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = "it threw" } };

    private static Task<WorkerPool> ConnectAsync(FakeEndpoint endpoint, WorkerPoolOptions? options = null) =>
        WorkerPool.ConnectAsync(endpoint.Address, options, TestContext.Current.CancellationToken).Soon();
}
