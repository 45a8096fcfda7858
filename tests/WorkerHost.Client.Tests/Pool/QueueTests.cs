using System.Collections.Concurrent;

namespace WorkerHost.Client.Tests;

/// <summary>A bounded queue under many submitters: exact, immediate, or patient in the order of arrival.</summary>
public sealed class QueueTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(10, 1)]
    [InlineData(300, 4)]
    [Trait("Scenario", "49")]
    public async Task A_thousand_concurrent_submitters_get_exactly_as_many_places_as_there_are(int capacity, int lanes)
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = capacity });
        var worker = rig.Connect(concurrency: lanes);
        using var together = new Barrier(4);
        ConcurrentQueue<TaskFuture<int>> accepted = new();
        ConcurrentQueue<TaskFailure> refused = new();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            together.SignalAndWait();
            for (var i = 0; i < 250; i++)
            {
                var (entry, future) = rig.Make();
                if (rig.Loop.Submit(entry, held: false) is { } refusal)
                {
                    refused.Enqueue(refusal);
                }
                else
                {
                    accepted.Enqueue(future);
                }
            }
        }))).Soon();

        Assert.Equal(capacity + lanes, accepted.Count);
        Assert.Equal(1000, accepted.Count + refused.Count);
        Assert.All(refused, static r => Assert.True(r is { Kind: TaskFailureKind.Rejected, NeverStarted: true } && r.RetryAfter > TimeSpan.Zero));
        for (var i = 0; i < accepted.Count; i++)
        {
            worker.Succeed((await worker.NextAsync()).Sequence);
        }

        await TaskFuture.WhenAll(accepted).Soon();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Those_who_wait_get_their_places_in_the_order_they_came(int capacity)
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = capacity });
        var worker = rig.Connect();
        for (var i = 0; i < capacity + 1; i++)
        {
            _ = rig.Submit();
        }

        var waiting = new List<(TaskEntry Entry, Task<TaskFailure?> Admitted)>();
        for (var i = 0; i < 20; i++)
        {
            var (entry, _) = rig.Make();
            waiting.Add((entry, rig.Loop.SubmitAsync(entry, held: false, CancellationToken.None).AsTask()));
        }

        Assert.All(waiting, static w => Assert.False(w.Admitted.IsCompleted));
        List<ulong> order = [];
        for (var i = 0; i < capacity + 1 + 20; i++)
        {
            var (entry, sequence) = await worker.NextAsync();
            order.Add(entry.Number);
            worker.Succeed(sequence);
        }

        Assert.Equal(order.Order(), order);
        Assert.All(await Task.WhenAll(waiting.Select(static w => w.Admitted)).Soon(), Assert.Null);
    }

    [Fact]
    public async Task Nobody_slips_in_before_those_who_wait()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 100, QueueBytes = 10 });
        _ = rig.Submit();
        var (entry, _) = rig.Make();
        var waiting = rig.Loop.SubmitAsync(entry, held: false, CancellationToken.None).AsTask();
        var small = new TaskEntry(999, "small", TaskOptions.Default, new byte[1], ContentType.Json, 1);
        Assert.Equal(TaskFailureKind.Rejected, rig.Loop.Submit(small, held: false)!.Kind);
        rig.Connect();
        Assert.Null(await waiting.Soon());
    }

    [Fact]
    public async Task Who_cancels_the_waiting_has_no_task_and_holds_up_nobody()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 100, QueueBytes = 10 });
        _ = rig.Submit();
        using var source = new CancellationTokenSource();
        var (left, _) = rig.Make();
        var leaving = rig.Loop.SubmitAsync(left, held: false, source.Token).AsTask();
        Assert.False(leaving.IsCompleted);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving.Soon());
        var small = new TaskEntry(999, "small", TaskOptions.Default, new byte[1], ContentType.Json, 1);
        _ = new TaskFuture<int>(rig.Loop, small, JsonResult<int>.Reader, rig.Identity);
        Assert.Null(rig.Loop.Submit(small, held: false));
        rig.Connect(concurrency: 5);
        Assert.Equal((TaskPhase.New, 2), (left.Phase, rig.Loop.Load.Unsettled));
    }

    [Fact]
    public async Task Cancelling_the_waiting_while_places_fall_free_loses_no_place_and_leaves_no_task_behind()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 1 });
        rig.Connect(answer: static _ => FakeConnection.Json("1"));
        var admitted = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 3000; i++)
            {
                using var source = new CancellationTokenSource();
                var (entry, future) = rig.Make();
                var submitting = rig.Loop.SubmitAsync(entry, held: false, source.Token);
                for (var spin = random.Next(300); spin > 0; spin--)
                {
                    Thread.SpinWait(1);
                }

                await source.CancelAsync();
                try
                {
                    Assert.Null(await submitting.Soon());
                    Assert.Equal(1, await future.Soon());
                    Interlocked.Increment(ref admitted);
                }
                catch (OperationCanceledException)
                {
                    Assert.True(entry.Phase == TaskPhase.New || future.Completion.IsCompleted || await EndsAsync(future));
                }
            }
        })));

        Assert.InRange(admitted, 1, 12_000);
        await Eventually.IsTrue(() => rig.Loop.Load.Unsettled == 0);

        static async Task<bool> EndsAsync(TaskFuture<int> future)
        {
            await future.Completion.Ended();
            return future.IsDone;
        }
    }

    [Fact]
    public async Task A_stop_refuses_those_who_wait_at_once()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 1 });
        _ = rig.Submit();
        var (entry, _) = rig.Make();
        var waiting = rig.Loop.SubmitAsync(entry, held: false, CancellationToken.None).AsTask();
        rig.Loop.BeginStop();
        Assert.Contains("stopping", (await waiting.Soon())!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_no_worker_can_be_had_those_who_wait_are_told()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 1 });
        _ = rig.Submit();
        var (entry, _) = rig.Make();
        var waiting = rig.Loop.SubmitAsync(entry, held: false, CancellationToken.None).AsTask();
        rig.Loop.OutlookChanged(new WorkerOutlook(Hopeless: true, null, null));
        Assert.Equal(TaskFailureKind.NoWorkers, (await waiting.Soon())!.Kind);
    }

    [Fact]
    public async Task A_crowd_that_waits_is_let_in_without_depth()
    {
        const int crowd = 5000;
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 0 });
        var waiting = Enumerable.Range(0, crowd).Select(_ => rig.Loop.SubmitAsync(rig.Make().Entry, held: false, CancellationToken.None).AsTask()).ToList();
        FakeConnection? worker = null;

        // A stack on which one call per waiter has no room.
        var opening = new Thread(() => worker = rig.Connect(concurrency: crowd), maxStackSize: 256 * 1024);
        opening.Start();
        opening.Join();

        Assert.All(await Task.WhenAll(waiting).Soon(), Assert.Null);
        Assert.Equal(crowd, worker!.Count);
    }

    [Fact]
    [Trait("Scenario", "52")]
    public async Task Those_who_wait_for_one_caller_hold_up_no_other_caller()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 10 });
        var (flood, newcomer) = (new CallerShare(), new CallerShare());
        for (var i = 0; i < 5; i++)
        {
            Assert.Null(rig.Loop.Submit(rig.Make(share: flood).Entry, held: false));
        }

        var waiting = Enumerable.Range(0, 100).Select(_ => rig.Loop.SubmitAsync(rig.Make(share: flood).Entry, held: false, CancellationToken.None).AsTask()).ToList();
        Assert.All(waiting, static w => Assert.False(w.IsCompleted));
        Assert.Equal(TaskFailureKind.Rejected, rig.Loop.Submit(rig.Make(share: flood).Entry, held: false)!.Kind);

        Assert.Null(rig.Loop.Submit(rig.Make(share: newcomer).Entry, held: false));
        Assert.Null(await rig.Loop.SubmitAsync(rig.Make(share: newcomer).Entry, held: false, CancellationToken.None));

        rig.Connect(answer: static _ => FakeConnection.Json("1"));
        Assert.All(await Task.WhenAll(waiting).Soon(), Assert.Null);
        await Eventually.IsTrue(() => rig.Loop.Load.Unsettled == 0);
    }

    [Fact]
    [Trait("Scenario", "52")]
    public async Task Callers_whose_tasks_wait_for_a_place_get_places_in_turn()
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 0 });
        var worker = rig.Connect();
        _ = rig.Submit();
        var flood = new CallerShare();
        var crowd = Enumerable.Range(0, 50).Select(_ => rig.Make(share: flood).Entry).ToList();
        var few = Enumerable.Range(0, 3).Select(_ => rig.Make(share: new CallerShare()).Entry).ToList();
        var waiting = crowd.Concat(few).Select(e => rig.Loop.SubmitAsync(e, held: false, CancellationToken.None).AsTask()).ToList();
        List<ulong> order = [];
        for (var i = 0; i < 54; i++)
        {
            var (entry, sequence) = await worker.NextAsync();
            order.Add(entry.Number);
            worker.Succeed(sequence);
        }

        Assert.Equal([crowd[0], .. few, .. crowd.Skip(1)], crowd.Concat(few).OrderBy(e => order.IndexOf(e.Number)));
        Assert.All(await Task.WhenAll(waiting).Soon(), Assert.Null);
    }
}
