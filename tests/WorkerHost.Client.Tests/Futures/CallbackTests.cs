using System.Collections.Concurrent;

namespace WorkerHost.Client.Tests;

[Trait("Scenario", "3")]
public sealed class CallbackTests
{
    [Fact]
    public async Task Callbacks_run_in_order_and_once()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        ConcurrentQueue<int> called = new();
        var last = new TaskCompletionSource();
        for (var i = 0; i < 100; i++)
        {
            var n = i;
            future.AddDoneCallback(f =>
            {
                Assert.Same(future, f);
                Assert.True(f.IsDone);
                called.Enqueue(n);
            });
        }

        future.AddDoneCallback(_ => last.SetResult());
        Assert.Empty(called);
        worker.Succeed((await worker.NextAsync()).Sequence);
        await last.Task.Soon();
        Assert.Equal(Enumerable.Range(0, 100), called);
    }

    [Fact]
    public async Task A_callback_of_a_finished_future_runs_at_once_on_the_same_thread()
    {
        await using var rig = new LoopRig();
        var future = rig.Submit();
        future.Cancel();
        List<int> threads = [];
        future.AddDoneCallback(_ => threads.Add(Environment.CurrentManagedThreadId));
        future.AddDoneCallback(_ => threads.Add(Environment.CurrentManagedThreadId));
        Assert.Equal([Environment.CurrentManagedThreadId, Environment.CurrentManagedThreadId], threads);
    }

    [Fact]
    public async Task A_callback_that_throws_is_logged_and_the_next_runs()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit("resize");
        var next = new TaskCompletionSource();
        future.AddDoneCallback(static _ => throw new InvalidOperationException("of the user's"));
        future.AddDoneCallback(_ => next.SetResult());
        worker.Succeed((await worker.NextAsync()).Sequence);
        await next.Task.Soon();

        var (_, text, exception) = Assert.Single(rig.Log.TakeErrors());
        Assert.Contains("resize", text, StringComparison.Ordinal);
        Assert.Equal("of the user's", exception!.Message);
        Assert.Equal(1, await future.Soon());
    }

    [Fact]
    public async Task A_callback_may_add_another_which_runs_after_it()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        List<string> called = [];
        var last = new TaskCompletionSource();
        future.AddDoneCallback(f =>
        {
            f.AddDoneCallback(_ =>
            {
                called.Add("added");
                last.SetResult();
            });
            called.Add("first");
        });
        worker.Succeed((await worker.NextAsync()).Sequence);
        await last.Task.Soon();
        Assert.Equal(["first", "added"], called);
    }

    [Fact]
    public async Task Callbacks_added_by_many_threads_while_the_future_ends_run_once_each()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 1);
        for (var round = 0; round < 200; round++)
        {
            var future = rig.Submit();
            var (_, sequence) = await worker.NextAsync();
            var called = 0;
            using var all = new CountdownEvent(40);
            var adding = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                for (var i = 0; i < 10; i++)
                {
                    future.AddDoneCallback(_ =>
                    {
                        Interlocked.Increment(ref called);
                        all.Signal();
                    });
                }
            })).ToList();
            worker.Succeed(sequence);
            await Task.WhenAll(adding).Soon();
            Assert.True(all.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            Assert.Equal(40, called);
        }
    }

    [Fact]
    public async Task Chains_of_a_hundred_tasks_submitted_from_callbacks_end()
    {
        await using var rig = new LoopRig();
        rig.Connect(concurrency: 4, answer: static _ => FakeConnection.Json("1"));
        var chains = Enumerable.Range(0, 10).Select(_ =>
        {
            var end = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            Next(rig, 0, end);
            return end.Task;
        });
        Assert.All(await Task.WhenAll(chains).Soon(), static n => Assert.Equal(100, n));

        static void Next(LoopRig rig, int n, TaskCompletionSource<int> end) => rig.Submit().AddDoneCallback(f =>
        {
            if (n + f.GetResult() < 100)
            {
                Next(rig, n + 1, end);
            }
            else
            {
                end.SetResult(n + 1);
            }
        });
    }

    [Fact]
    public async Task A_callback_may_stop_everything_without_wedging_it()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        var others = Enumerable.Range(0, 50).Select(_ => rig.Submit()).ToList();
        future.AddDoneCallback(_ =>
        {
            rig.Loop.BeginStop();
            rig.Loop.CancelAll();
        });
        worker.Succeed((await worker.NextAsync()).Sequence);
        await future.Soon();
        foreach (var other in others.Skip(1))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.Soon());
        }

        worker.Die();
        await rig.Loop.Drained.Soon();
    }
}
