namespace WorkerHost.Testing.Tests;

/// <summary>The test pool itself: what it refuses, and that it leaves nothing open.</summary>
public sealed class TestPoolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_cannot_be_used_is_told_at_once()
    {
        var options = await Assert.ThrowsAsync<ArgumentException>(() => TestPool.StartAsync(static _ => { }, new TestPoolOptions { Workers = 0, Concurrency = 0, QueueBytes = 0 }, Token));
        Assert.Contains("Workers is 0", options.Message, StringComparison.Ordinal);
        Assert.Contains("Concurrency is 0", options.Message, StringComparison.Ordinal);
        Assert.Contains("QueueBytes is 0", options.Message, StringComparison.Ordinal);

        var start = await Assert.ThrowsAsync<WorkerStartException>(() => TestPool.StartAsync(static _ => throw new FormatException("a bad program"), new TestPoolOptions { Workers = 2 }, Token));
        Assert.Contains("a bad program", start.Message, StringComparison.Ordinal);
        Assert.Equal(2, start.Deaths.Length);

        Assert.Contains("'SIGNONE'", Assert.Throws<ArgumentException>(() => TestDeath.Signal("SIGNONE")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => TestDeath.Exit(256));
    }

    [Fact]
    public async Task A_test_that_ends_leaves_no_future_open_whatever_its_clock_says()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var test = await TestPool.StartAsync(
            static worker => worker.MapTask("sleep", static (CancellationToken token) => Task.Delay(Timeout.Infinite, token)),
            new TestPoolOptions { Workers = 3, TimeProvider = clock },
            Token);
        test.Workers[2].Hang();
        var futures = Enumerable.Range(0, 30).Select(_ => test.Pool.Submit("sleep", [], new TaskOptions { Idempotent = true })).ToList();
        await test.UntilRunningAsync("sleep", 2, Token);
        test.Workers[0].Crash();

        await test.DisposeAsync().AsTask().WaitAsync(Eventually.Patience, Token);

        Assert.All(futures, static f => Assert.True(f.IsDone));
        Assert.All(test.Workers, static w => Assert.Equal(0, w.Pid));
        await test.DisposeAsync();
    }

    [Fact]
    public async Task Crashes_under_load_lose_nothing_that_may_be_tried_again_and_finish_everything_once()
    {
        await using var test = await TestPool.StartAsync(
            static worker => worker.MapTask("echo", static (int value) => value),
            new TestPoolOptions
            {
                Workers = 4,
                Concurrency = 2,
                Attempts = 1000,
                QuarantineAfter = int.MaxValue,
                Retry = new RetryOptions { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero, Budget = null },
            },
            Token);
        for (var i = 1; i <= 20; i++)
        {
            test.CrashOn("echo", nth: i * 40, moment: (CrashMoment)(i % 3));
        }

        var futures = Enumerable.Range(0, 2000).Select(i => test.Pool.Submit<int>("echo", [i], new TaskOptions { Idempotent = true })).ToList();

        Assert.Equal(Enumerable.Range(0, 2000), await TaskFuture.WhenAll(futures).WaitAsync(Eventually.Patience, Token));
        Assert.InRange(test.Deaths.Length, 10, 20);
        Assert.Equal(0, test.Pool.LateOutcomes);
    }
}
