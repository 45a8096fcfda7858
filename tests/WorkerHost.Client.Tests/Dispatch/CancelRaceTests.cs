namespace WorkerHost.Client.Tests;

[Trait("Scenario", "36")]
public sealed class CancelRaceTests
{
    [Fact]
    public async Task Cancelling_while_tasks_complete_gives_each_exactly_one_outcome()
    {
        const int rounds = 200;
        const int tasks = 256;
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: tasks);
        var (succeeded, cancelled) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var entries = new List<(TaskEntry Entry, TaskFuture<int> Future, Counting Told)>();
            for (var i = 0; i < tasks; i++)
            {
                var (entry, future) = rig.Make();
                var told = new Counting(future);
                entry.Completion = told;
                Assert.Null(rig.Loop.Submit(entry, held: false));
                entries.Add((entry, future, told));
            }

            // Two threads complete from the front, two cancel from the back: they meet somewhere.
            using var together = new Barrier(4);
            var heard = new bool[tasks];
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
            {
                together.SignalAndWait();
                for (var i = thread / 2; i < tasks; i += 2)
                {
                    if (thread % 2 == 0)
                    {
                        worker.Succeed(entries[i].Entry.Sequence);
                    }
                    else
                    {
                        heard[tasks - 1 - i] = rig.Loop.Cancel(entries[tasks - 1 - i].Entry);
                    }
                }
            }))).Soon();

            for (var i = 0; i < tasks; i++)
            {
                var (_, future, told) = entries[i];
                await future.Completion.Ended();
                await future.Settled.Soon();
                Assert.Equal((1, 1), (told.Completions, told.Settlements));
                Assert.Equal(heard[i] ? TaskState.Cancelled : TaskState.Succeeded, future.State);
                (heard[i] ? ref cancelled : ref succeeded)++;
            }
        }

        // The race was one: both sides won often.
        Assert.InRange(succeeded, rounds, rounds * tasks);
        Assert.InRange(cancelled, rounds, rounds * tasks);
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
