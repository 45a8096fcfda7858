using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Testing.Tests;

/// <summary>Retries by a clock of the test's and with chance that comes again.</summary>
public sealed class RetryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_retry_waits_for_its_pause_by_the_clock_of_the_test()
    {
        using var loggers = new RecordingLoggers();
        var clock = new FakeTimeProvider();
        await using var test = await StartAsync(clock, seed: 1, loggers);
        test.CrashOn("add");

        var future = test.Pool.Submit<int>("add", [1, 2], new TaskOptions { Idempotent = true });
        await PauseAsync(loggers);
        Assert.False(future.IsDone);
        while (!future.IsDone)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(3, await future);
        Assert.Equal(2, future.Attempts.Count);
        Assert.True(future.Attempts[1].SentAt > future.Attempts[0].EndedAt);
    }

    [Fact]
    public async Task The_same_seed_has_the_same_pauses_and_another_has_others()
    {
        var pauses = new List<TimeSpan>();
        foreach (var seed in new[] { 7, 7, 8 })
        {
            using var loggers = new RecordingLoggers();
            await using var test = await StartAsync(new FakeTimeProvider(), seed, loggers);
            test.CrashOn("add");
            _ = test.Pool.Submit<int>("add", [1, 2], new TaskOptions { Idempotent = true });
            pauses.Add(await PauseAsync(loggers));
        }

        Assert.Equal(pauses[0], pauses[1]);
        Assert.NotEqual(pauses[0], pauses[2]);
    }

    [Fact]
    public async Task A_handler_has_the_clock_of_the_test()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero));
        await using var test = await TestPool.StartAsync(
            static worker => worker.MapTask("year", static (TimeProvider time) => time.GetUtcNow().Year),
            new TestPoolOptions { TimeProvider = clock },
            Token);

        Assert.Equal(2001, await test.Pool.Submit<int>("year"));
    }

    private static Task<TestPool> StartAsync(TimeProvider clock, int seed, RecordingLoggers loggers) => TestPool.StartAsync(
        static worker => worker.MapTask("add", static (int a, int b) => a + b),
        new TestPoolOptions
        {
            TimeProvider = clock,
            Seed = seed,
            LoggerFactory = loggers,
            Retry = new RetryOptions { MinDelay = TimeSpan.FromSeconds(10), MaxDelay = TimeSpan.FromSeconds(60) },
        },
        Token);

    private static async Task<TimeSpan> PauseAsync(RecordingLoggers loggers)
    {
        var line = await loggers.Until(static l => l.State?.Any(static f => f.Key == "Delay") == true);
        return (TimeSpan)line.State!.Single(static f => f.Key == "Delay").Value!;
    }
}
