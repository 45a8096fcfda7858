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
            new InProcessPoolOptions { Concurrency = 1, CancelGrace = Grace, TimeProvider = clock },
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
}
