namespace WorkerHost.Tests;

/// <summary>A running task can be stopped.</summary>
public sealed class StoppingTests : IAsyncLifetime
{
    private WorkerPool pool = null!;

    public async ValueTask InitializeAsync() => pool = await TestPool.StartAsync(TestPool.Options() with
    {
        CancelGrace = TimeSpan.FromMilliseconds(200),
        TerminateGrace = TimeSpan.FromMilliseconds(200),
        ExpiredCancelGrace = TimeSpan.FromMilliseconds(200),
        ExpiredTerminateGrace = TimeSpan.FromMilliseconds(200),
    });

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Fact]
    [Trait("Scenario", "31")]
    public async Task A_task_that_heeds_its_time_limit_keeps_its_worker()
    {
        var pid = await pool.Submit<int>("pid", []).Task.WaitAsync(TestPool.Patience);
        var future = pool.Submit<int>("sleep", [600_000], new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1) });

        var failure = await TestPool.FailureOf(future);
        await future.Settled.WaitAsync(TestPool.Patience);

        Assert.Equal(TaskFailureKind.DeadlineExceeded, failure?.Kind);
        Assert.Contains("TimeLimit", failure!.Message, StringComparison.Ordinal);
        Assert.Null(Assert.Single(future.Attempts).Death);
        Assert.Equal(pid, await pool.Submit<int>("pid", []).Task.WaitAsync(TestPool.Patience));
    }

    [Theory]
    [Trait("Scenario", "31")]
    [Trait("Scenario", "32")]
    [InlineData("spin", 600_000, false)]
    [InlineData("block", 600_000, false, Traits = ["Category", "Slow"])]
    [InlineData("hang", 600, false)]
    [InlineData("spin", 600_000, true, Traits = ["Category", "Slow"])]
    public async Task A_task_that_heeds_nothing_loses_its_process(string task, int length, bool ignoresSigterm)
    {
        if (ignoresSigterm)
        {
            await pool.Submit<object>("ignore_sigterm", []).Task.WaitAsync(TestPool.Patience);
        }

        // The worker has answered before: well within a second the next task is in its lane.
        var pid = await pool.Submit<int>("pid", []).Task.WaitAsync(TestPool.Patience);
        var future = pool.Submit<int>(task, [length], new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1), Idempotent = true });

        var failure = await TestPool.FailureOf(future);
        await future.Settled.WaitAsync(TestPool.Patience);

        Assert.Equal(TaskFailureKind.DeadlineExceeded, failure?.Kind);
        Assert.False(TestPool.IsAlive(pid));
        var death = Assert.Single(future.Attempts).Death;
        Assert.Equal(DeathCause.Ordered, death?.Cause);
        Assert.Contains("time limit", death!.Reason, StringComparison.Ordinal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_cancelled_task_ends_at_once_and_settles_when_its_handler_has_heeded_it()
    {
        var here = TestPool.NewPath();
        var future = pool.Submit<int>("meet", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));

        Assert.True(future.Cancel());
        Assert.True(future.IsDone);
        Assert.Equal(TaskState.Cancelled, future.State);
        await Assert.ThrowsAsync<TaskCanceledException>(async () => await future);
        await future.Settled.WaitAsync(TestPool.Patience);
        Assert.False(future.Cancel());
        Assert.Equal(1, pool.Workers[0].Id.Incarnation);
        File.Delete(here);
    }

    [Fact]
    [Trait("Scenario", "34")]
    public async Task What_was_prefetched_behind_a_task_that_has_to_be_killed_runs_elsewhere()
    {
        await pool.Submit<int>("increment", [1]).Task.WaitAsync(TestPool.Patience);
        var here = TestPool.NewPath();
        var stubborn = pool.Submit<int>("meet_deaf", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));
        var behind = Enumerable.Range(0, 20).Select(i => pool.Submit<int>("increment", [i])).ToList();
        stubborn.Cancel();

        Assert.Equal(Enumerable.Range(1, 20), await TaskFuture.WhenAll(behind).WaitAsync(TestPool.Patience));
        await stubborn.Settled.WaitAsync(TestPool.Patience);
        Assert.Equal(DeathCause.Ordered, Assert.Single(stubborn.Attempts).Death?.Cause);
        File.Delete(here);
    }

    [Fact]
    [Trait("Scenario", "36")]
    public async Task Cancelling_ten_thousand_waiting_tasks_leaves_the_running_one_alone()
    {
        var here = TestPool.NewPath();
        var there = TestPool.NewPath();
        var running = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));
        var waiting = Enumerable.Range(0, 10_000).Select(i => pool.Submit<int>("add", [i, 1])).ToList();

        Assert.All(waiting, f => Assert.True(f.Cancel()));

        Assert.All(waiting, f => Assert.Equal(TaskState.Cancelled, f.State));
        Assert.Equal(0, pool.QueuedTasks);
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(pool.Workers[0].Pid, await running.Task.WaitAsync(TestPool.Patience));
        File.Delete(here);
        File.Delete(there);
    }

    [Fact]
    [Trait("Scenario", "36")]
    public async Task A_cancel_that_races_the_completion_leaves_exactly_one_outcome()
    {
        var outcomes = 0;
        var futures = new List<TaskFuture<int>>();
        for (var i = 0; i < 2000; i++)
        {
            var future = pool.Submit<int>("increment", [i]);
            future.AddDoneCallback(_ => Interlocked.Increment(ref outcomes));
            futures.Add(future);
            if (i % 2 == 0)
            {
                _ = Task.Run(future.Cancel, TestContext.Current.CancellationToken);
            }
        }

        for (var i = 0; i < futures.Count; i++)
        {
            await TestPool.Until(() => futures[i].IsDone);
            Assert.True(futures[i].State is TaskState.Succeeded or TaskState.Cancelled, $"{futures[i].State}");
            if (futures[i].State == TaskState.Succeeded)
            {
                Assert.Equal(i + 1, await futures[i]);
            }
        }

        await Task.WhenAll(futures.Select(f => f.Settled)).WaitAsync(TestPool.Patience);
        await TestPool.Until(() => Volatile.Read(ref outcomes) == futures.Count);
        Assert.Equal(0, pool.UnsettledTasks);
    }
}
