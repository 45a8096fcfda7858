using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Testing.Tests;

/// <summary>An in-process pool by a clock of the test's.</summary>
public sealed class StubbornHandlerTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task As_many_threads_as_there_are_lanes_are_left_to_their_handlers_and_no_more()
    {
        using var begun = new SemaphoreSlim(0);
        using var asked = new SemaphoreSlim(0);
        using var release = new SemaphoreSlim(0);
        using var loggers = new RecordingLoggers();
        var clock = new FakeTimeProvider();
        await using var pool = await WorkerPool.StartInProcessAsync(
            worker =>
            {
                worker.MapTask("deaf", (CancellationToken token) =>
                {
                    using var _ = token.Register(() => asked.Release());
                    begun.Release();
                    release.Wait(CancellationToken.None);
                });
                worker.MapTask("add", static (int a, int b) => a + b);
            },
            new InProcessPoolOptions { Concurrency = 1, CancelGrace = Grace, TimeProvider = clock, LoggerFactory = loggers },
            Token);

        var first = pool.Submit("deaf");
        await begun.WaitAsync(Token);
        first.Cancel();
        await asked.WaitAsync(Token);
        clock.Advance(Grace);
        await first.Settled.WaitAsync(Token);

        var second = pool.Submit("deaf");
        await begun.WaitAsync(Token);
        second.Cancel();
        await asked.WaitAsync(Token);
        var waiting = pool.Submit<int>("add", [1, 2]);
        for (var i = 0; i < 100; i++)
        {
            clock.Advance(Grace);
        }

        // Told on the thread that moves the clock, when the first lane was given up.
        Assert.Contains("1 of at most 1 left so", Assert.Single(loggers.Lines, static l => l.Category == "WorkerHost.Worker").Text, StringComparison.Ordinal);
        Assert.False(second.Settled.IsCompleted);
        Assert.False(waiting.IsDone);

        // Whichever comes back, the lane is free again: either of itself, or because the other may be left to its thread now.
        release.Release();
        while (!waiting.IsDone)
        {
            clock.Advance(Grace);
            await Task.Yield();
        }

        Assert.Equal(3, await waiting);
        await second.Settled.WaitAsync(Token);
        release.Release(10);
    }

    [Fact]
    public async Task A_handler_that_no_thread_may_be_left_to_any_more_is_looked_after_in_peace_also_without_a_grace()
    {
        using var begun = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var clock = new CountingClock();
        await using var pool = await WorkerPool.StartInProcessAsync(
            worker =>
            {
                worker.MapTask("deaf", () =>
                {
                    begun.Release();
                    release.Wait(CancellationToken.None);
                });
                worker.MapTask("add", static (int a, int b) => a + b);
            },
            new InProcessPoolOptions { Concurrency = 2, CancelGrace = TimeSpan.Zero, TimeProvider = clock },
            Token);
        try
        {
            // Two are left to their threads, and the third keeps its lane.
            for (var i = 0; i < 3; i++)
            {
                var deaf = pool.Submit("deaf");
                await begun.WaitAsync(Token);
                deaf.Cancel();
                if (i < 2)
                {
                    await deaf.Settled.WaitAsync(Token);
                }
            }

            for (var i = 0; i < 200; i++)
            {
                Assert.Equal(i, await pool.Submit<int>("add", [i, 0]));
            }

            Assert.InRange(clock.Timers, 3, 100);
        }
        finally
        {
            release.Set();
        }
    }

    private sealed class CountingClock : TimeProvider
    {
        private int timers;

        public int Timers => Volatile.Read(ref timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref timers);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
