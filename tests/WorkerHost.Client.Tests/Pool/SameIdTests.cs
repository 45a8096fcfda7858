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

        foreach (var (task, argument) in new[] { ("count", 7), ("echo", 77) })
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

    private static SharedTask Make(KnownTasks known, string id) =>
        new(new TaskEntry(1, "work", new TaskOptions { Id = id }, new byte[8], ContentType.Json, 1), known);

    private static SharedTask End(KnownTasks known, string id, int bytes = 1)
    {
        var task = Make(known, id);
        Assert.Null(known.FindOrAdd(id, task));
        task.Complete(AttemptOutcome.Success(new byte[bytes], ContentType.Bytes));
        task.Settle();
        return task;
    }

    private static V1.TaskOutcome Failed(V1.TaskSubmission task) =>
        new() { Sequence = task.Sequence, Failure = new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = "it threw" } };

    private static Task<WorkerPool> ConnectAsync(FakeEndpoint endpoint, WorkerPoolOptions? options = null) =>
        WorkerPool.ConnectAsync(endpoint.Address, options, TestContext.Current.CancellationToken).Soon();
}
