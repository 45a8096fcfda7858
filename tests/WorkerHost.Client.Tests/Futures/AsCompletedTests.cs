using System.Runtime.CompilerServices;

namespace WorkerHost.Client.Tests;

[Trait("Scenario", "5")]
public sealed class AsCompletedTests
{
    [Fact]
    public async Task Finished_ones_come_first_and_then_the_others_in_the_order_of_their_ends()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 5);
        var futures = Enumerable.Range(0, 5).Select(_ => rig.Submit()).ToList();
        worker.Succeed(4, "3");
        worker.Succeed(2, "1");
        await futures[3].Soon();
        await futures[1].Soon();
        await using var seen = TaskFuture.AsCompleted(futures, cancellationToken: TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        List<TaskFuture<int>> order = [await Next(seen), await Next(seen)];
        Assert.Equal([futures[1], futures[3]], order);
        foreach (var n in new[] { 4, 0, 2 })
        {
            worker.Succeed((ulong)n + 1);
            Assert.Same(futures[n], await Next(seen));
        }

        Assert.False(await seen.MoveNextAsync().Soon());
    }

    [Fact]
    public async Task Failed_and_cancelled_ones_are_yielded_like_the_others()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 2);
        var failed = rig.Submit();
        var cancelled = rig.Submit();
        worker.Fail(1, DispatcherRig.HandlerThrew());
        cancelled.Cancel();
        List<TaskState> states = [];
        await foreach (var future in TaskFuture.AsCompleted([failed, cancelled], cancellationToken: TestContext.Current.CancellationToken))
        {
            states.Add(future.State);
        }

        Assert.Equal([TaskState.Failed, TaskState.Cancelled], states);
    }

    [Fact]
    public async Task The_same_one_twice_is_yielded_once()
    {
        await using var rig = new LoopRig();
        var future = rig.Submit();
        future.Cancel();
        var count = 0;
        await foreach (var _ in TaskFuture.AsCompleted([future, future], cancellationToken: TestContext.Current.CancellationToken))
        {
            count++;
        }

        Assert.Equal(1, count);
    }

    [Fact]
    public async Task A_timeout_says_how_many_of_how_many_are_unfinished()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 4);
        var futures = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        worker.Succeed(1);
        worker.Succeed(3);
        await using var seen = TaskFuture.AsCompleted(futures, TimeSpan.FromSeconds(5), rig.Time, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await Next(seen);
        await Next(seen);
        var third = seen.MoveNextAsync().AsTask();
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("2 (of 4) futures unfinished", (await Assert.ThrowsAsync<TimeoutException>(() => third.Soon())).Message);
        Assert.False(futures[1].IsDone);
    }

    [Fact]
    public async Task With_no_time_at_all_the_finished_ones_are_yielded_before_the_timeout()
    {
        await using var rig = new LoopRig();
        var done = rig.Submit();
        done.Cancel();
        var pending = rig.Submit();
        List<TaskFuture<int>> seen = [];
        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            await foreach (var future in TaskFuture.AsCompleted([pending, done], TimeSpan.Zero, rig.Time, TestContext.Current.CancellationToken))
            {
                seen.Add(future);
            }
        });
        Assert.Equal([done], seen);
        Assert.Equal("1 (of 2) futures unfinished", thrown.Message);
    }

    [Fact]
    public async Task The_callers_token_stops_the_waiting_and_not_the_tasks()
    {
        await using var rig = new LoopRig();
        var future = rig.Submit();
        using var source = new CancellationTokenSource();
        await using var seen = TaskFuture.AsCompleted([future], cancellationToken: source.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var waiting = seen.MoveNextAsync().AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
        Assert.False(future.IsDone);
    }

    [Fact]
    public async Task A_yielded_future_is_not_kept_alive_while_the_next_is_awaited()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 2);
        var futures = new List<TaskFuture<int>> { rig.Submit(), rig.Submit() };
        await using var seen = TaskFuture.AsCompleted(futures, cancellationToken: TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        worker.Succeed((await worker.NextAsync()).Sequence);
        var yielded = await TakeAsync(seen, futures);
        await worker.NextAsync();
        var waiting = seen.MoveNextAsync().AsTask();

        // The garbage collector decides when: the test only asks it until it has.
        for (var i = 0; i < 50 && yielded.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        Assert.False(yielded.IsAlive);
        worker.Succeed(2);
        Assert.True(await waiting.Soon());
    }

    [Fact]
    public async Task Waiting_for_all_gives_the_results_in_order_or_the_failure()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 3);
        var futures = Enumerable.Range(0, 3).Select(_ => rig.Submit()).ToList();
        worker.Succeed(3, "30");
        worker.Succeed(1, "10");
        worker.Succeed(2, "20");
        var results = await TaskFuture.WhenAll(futures).Soon();
        Assert.Equal([10, 20, 30], results);
        var bad = rig.Submit();
        worker.Fail(4, DispatcherRig.HandlerThrew());
        await Assert.ThrowsAsync<TaskException>(() => TaskFuture.WhenAll([.. futures, bad]).Soon());
    }

    private static async Task<TaskFuture<int>> Next(IAsyncEnumerator<TaskFuture<int>> seen)
    {
        Assert.True(await seen.MoveNextAsync().Soon());
        return seen.Current;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> TakeAsync(IAsyncEnumerator<TaskFuture<int>> seen, List<TaskFuture<int>> futures)
    {
        Assert.True(await seen.MoveNextAsync().Soon());
        return Forget(seen, futures);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forget(IAsyncEnumerator<TaskFuture<int>> seen, List<TaskFuture<int>> futures)
    {
        futures.Remove(seen.Current);
        return new WeakReference(seen.Current);
    }
}
