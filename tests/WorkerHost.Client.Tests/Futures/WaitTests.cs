using System.Runtime.CompilerServices;

namespace WorkerHost.Client.Tests;

/// <summary>Waiting for all, the first, or the first failure.</summary>
public sealed class WaitTests
{
    [Theory]
    [InlineData(WaitUntil.FirstEnded, 1)]
    [InlineData(WaitUntil.FirstFailed, 2)]
    [InlineData(WaitUntil.AllEnded, 3)]
    public async Task It_ends_with_what_was_waited_for_and_says_what_has_ended(WaitUntil until, int ends)
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 3);
        var futures = new[] { rig.Submit(), rig.Submit(), rig.Submit() };
        var sequences = new[] { (await worker.NextAsync()).Sequence, (await worker.NextAsync()).Sequence, (await worker.NextAsync()).Sequence };
        var waiting = TaskFuture.WaitAsync(futures, until);

        for (var end = 0; end < ends; end++)
        {
            Assert.False(waiting.IsCompleted);
            if (end == 1)
            {
                worker.Fail(sequences[end], DispatcherRig.HandlerThrew());
            }
            else
            {
                worker.Succeed(sequences[end]);
            }
        }

        var result = await waiting.Soon();
        Assert.Equal(futures[..ends], result.Ended);
        Assert.Equal(futures[ends..], result.Unfinished);
        futures.ToList().ForEach(static f => f.Cancel());
    }

    [Fact]
    public async Task What_has_ended_before_needs_no_waiting_and_a_cancelled_task_is_no_failure()
    {
        await using var rig = new LoopRig();
        var (cancelled, waits) = (rig.Submit(), rig.Submit());
        cancelled.Cancel();
        Assert.Equal([cancelled], (await TaskFuture.WaitAsync([cancelled, waits, cancelled], WaitUntil.FirstEnded).Soon()).Ended);
        var waiting = TaskFuture.WaitAsync([cancelled, waits], WaitUntil.FirstFailed);
        Assert.False(waiting.IsCompleted);
        waits.Cancel();
        Assert.Empty((await waiting.Soon()).Unfinished);
        Assert.Empty((await TaskFuture.WaitAsync(Array.Empty<TaskFuture>()).Soon()).Ended);
    }

    [Fact]
    public async Task A_timeout_is_an_answer_and_a_cancelled_token_is_not()
    {
        await using var rig = new LoopRig();
        var future = rig.Submit();
        var waiting = TaskFuture.WaitAsync([future], timeout: TimeSpan.FromSeconds(5), timeProvider: rig.Time);
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([future], (await waiting.Soon()).Unfinished);
        using var cancel = new CancellationTokenSource();
        waiting = TaskFuture.WaitAsync([future], cancellationToken: cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TaskFuture.WaitAsync([future], (WaitUntil)7));
        future.Cancel();
    }

    [Fact]
    public async Task A_wait_that_is_over_leaves_nothing_with_what_has_not_ended()
    {
        await using var rig = new LoopRig();
        var waits = rig.Submit();
        var ended = await WaitForTheFirstOfTwo(rig, waits);

        // The second of those that had ended lay where the wait would have found it next. The garbage collector decides
        // when: the test only asks it until it has.
        await Eventually.IsTrue(() =>
        {
            GC.Collect();
            return !ended.TryGetTarget(out _);
        });
        Assert.True(waits.Cancel());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference<TaskFuture>> WaitForTheFirstOfTwo(LoopRig rig, TaskFuture waits)
    {
        var (first, second) = (rig.Submit(), rig.Submit());
        first.Cancel();
        second.Cancel();
        await TaskFuture.WaitAsync([first, second, waits], WaitUntil.FirstEnded).Soon();
        return new WeakReference<TaskFuture>(second);
    }
}
