namespace WorkerHost.Client.Tests;

[Trait("Scenario", "36")]
public sealed class CancelRaceTests
{
    [Fact]
    public async Task Cancelling_while_tasks_complete_gives_each_exactly_one_outcome()
    {
        const int rounds = 50_000;
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 64 });
        rig.Connect(0, concurrency: 8, answer: static _ => FakeConnection.Json("1"));
        rig.Connect(1, concurrency: 8, answer: static _ => FakeConnection.Json("1"));
        var (succeeded, cancelled) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            var random = new Random(thread);
            for (var i = 0; i < rounds / 4; i++)
            {
                var (entry, future) = rig.Make();
                var told = new Counting(future);
                entry.Completion = told;
                if (rig.Loop.Submit(entry, held: false) is not null)
                {
                    await Task.Yield();
                    continue;
                }

                for (var spin = random.Next(200); spin > 0; spin--)
                {
                    Thread.SpinWait(1);
                }

                var heard = rig.Loop.Cancel(entry);
                await future.Completion.Ended();
                await future.Settled.Soon();
                Assert.Equal((1, 1), (told.Completions, told.Settlements));
                Assert.Equal(heard ? TaskState.Cancelled : TaskState.Succeeded, future.State);
                Interlocked.Increment(ref heard ? ref cancelled : ref succeeded);
            }
        })));

        // The race was one: both sides won often enough.
        Assert.InRange(succeeded, 100, rounds);
        Assert.InRange(cancelled, 100, rounds);
        Assert.Equal(0, rig.Loop.Load.Unsettled);
    }

    [Fact]
    public async Task Cancelling_ten_thousand_queued_tasks_from_four_threads_leaves_the_others_alone()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 4);
        var running = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        var queued = Enumerable.Range(0, 10_000).Select(_ => rig.Submit()).ToList();
        var staying = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(() =>
        {
            for (var i = t; i < queued.Count; i += 4)
            {
                Assert.True(queued[i].Cancel());
            }
        }))).Soon();

        Assert.All(queued, static f => Assert.Equal(TaskState.Cancelled, f.State));
        Assert.All(running, static f => Assert.Equal(TaskState.Running, f.State));
        Assert.Equal(4, rig.Loop.Load.Queued);
        for (var sequence = 1UL; sequence <= 8; sequence++)
        {
            worker.Succeed((await worker.NextAsync()).Sequence);
        }

        await TaskFuture.WhenAll([.. running, .. staying]).Soon();
        Assert.False(worker.Cancels.TryRead(out _));
    }

    private sealed class Counting(ICompletion inner) : ICompletion
    {
        private int completions;
        private int settlements;

        public int Completions => Volatile.Read(ref completions);

        public int Settlements => Volatile.Read(ref settlements);

        public void Complete(in AttemptOutcome outcome)
        {
            Interlocked.Increment(ref completions);
            inner.Complete(outcome);
        }

        public void Settle()
        {
            Interlocked.Increment(ref settlements);
            inner.Settle();
        }
    }
}
