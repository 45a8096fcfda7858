using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Tests;

/// <summary>What is particular to a pool whose handlers run on threads of this process.</summary>
public sealed class InProcessPoolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tasks_that_block_have_threads_of_their_own_and_leave_the_thread_pool_alone()
    {
        using var meeting = new Barrier(20);
        var threads = new ConcurrentBag<Thread>();
        await using var pool = await WorkerPool.StartInProcessAsync(
            worker => worker.MapTask("meet", () =>
            {
                threads.Add(Thread.CurrentThread);
                meeting.SignalAndWait(TestPool.Patience);
            }),
            new InProcessPoolOptions { Concurrency = 20 },
            Token);

        var all = Enumerable.Range(0, 20).Select(_ => pool.Submit("meet")).ToList();

        await Task.WhenAll(all.Select(static f => f.Completion)).WaitAsync(TestPool.Patience);
        Assert.Equal(20, threads.Distinct().Count());
        Assert.DoesNotContain(threads, static t => t.IsThreadPoolThread);
    }

    [Fact]
    public async Task There_are_as_many_threads_as_a_ThreadPoolExecutor_has()
    {
        await using var pool = await WorkerPool.StartInProcessAsync(static worker => worker.MapTask("nothing", static () => { }), cancellationToken: Token);

        await pool.Submit("nothing").Completion.WaitAsync(TestPool.Patience);

        var worker = Assert.Single(pool.Workers);
        Assert.Equal((SlotState.Ready, Environment.ProcessId, "default/0#0"), (worker.State, worker.Pid, worker.Id.ToString()));
        Assert.Equal(Math.Min(32, Environment.ProcessorCount + 4), new InProcessPoolOptions().Concurrency);
        Assert.Contains("no processes to supervise", Assert.Throws<InvalidOperationException>(() => pool.Supervisor).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "31")]
    public async Task A_handler_that_heeds_no_stop_is_left_to_its_thread_and_another_takes_its_place()
    {
        using var loggers = new RecordingLoggers();
        using var begun = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var left = 0;
        await using var pool = await StartDeafAsync(loggers, begun, release, () => Interlocked.Increment(ref left));
        var deaf = pool.Submit("deaf");
        await begun.WaitAsync(Token);
        var waiting = pool.Submit<int>("add", [1, 2]);

        deaf.Cancel();

        Assert.Equal(3, await waiting.Task.WaitAsync(TestPool.Patience));
        await deaf.Settled.WaitAsync(TestPool.Patience);
        Assert.Equal((TaskState.Cancelled, 0), (deaf.State, Volatile.Read(ref left)));
        var told = await loggers.Until(static l => l.Category == "WorkerHost.Worker" && l.Level == LogLevel.Warning);
        Assert.Contains("task deaf (", told.Text, StringComparison.Ordinal);
        Assert.Contains("1 of at most 1", told.Text, StringComparison.Ordinal);

        // What it returns at last is nobody's.
        release.Set();
        await TestPool.Until(() => Volatile.Read(ref left) == 1);
        Assert.Equal(7, await pool.Submit<int>("add", [3, 4]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_time_limit_frees_the_lane_of_a_deaf_handler_too()
    {
        using var loggers = new RecordingLoggers();
        using var begun = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        await using var pool = await StartDeafAsync(loggers, begun, release, static () => { });

        var deaf = pool.Submit("deaf", options: new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(20) });

        Assert.Equal(TaskFailureKind.DeadlineExceeded, (await TestPool.FailureOf(deaf))?.Kind);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        release.Set();
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_a_handler_that_never_ends()
    {
        using var loggers = new RecordingLoggers();
        using var begun = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var pool = await StartDeafAsync(loggers, begun, release, static () => { });
        var deaf = pool.Submit("deaf");
        await begun.WaitAsync(Token);

        await pool.StopAsync(StopMode.CancelAll).WaitAsync(TestPool.Patience);

        Assert.Equal(TaskState.Cancelled, deaf.State);
        Assert.Equal(SlotState.Stopped, pool.Workers[0].State);
        release.Set();
    }

    [Fact]
    public async Task Initializers_run_before_the_first_task_and_handlers_take_services_and_log_into_the_pools_log()
    {
        using var loggers = new RecordingLoggers();
        var services = new ServiceCollection().AddScoped<Counted>().AddKeyedSingleton("host", "the host's").BuildServiceProvider();
        await using var disposal = services;
        var ready = false;
        await using var pool = await WorkerPool.StartInProcessAsync(
            worker =>
            {
                worker.Services.AddSingleton(new Own("the worker's"));
                worker.Initialize(_ => ready = true);
                worker.MapTask("ready", () => ready);
                worker.MapTask("services", (Own own, [FromKeyedServices("host")] string host, Counted one, Counted same, ILogger<Counted> logger) =>
                {
                    logger.LogWarning("from a handler");
                    return $"{own.Name} {host} {ReferenceEquals(one, same)} {Counted.Disposed}";
                });
                worker.MapTask("asked", (IServiceProvider all) => $"{all.GetRequiredService<Own>().Name} {all.GetRequiredKeyedService<string>("host")} {all.GetService<Counted>() is not null}");
                worker.MapTask("disposed", () => Counted.Disposed);
            },
            new InProcessPoolOptions { LoggerFactory = loggers, Services = services },
            Token);

        Assert.True(await pool.Submit<bool>("ready").Task.WaitAsync(TestPool.Patience));
        Assert.Equal("the worker's the host's True 0", await pool.Submit<string>("services").Task.WaitAsync(TestPool.Patience));
        Assert.Equal(1, await pool.Submit<int>("disposed").Task.WaitAsync(TestPool.Patience));
        Assert.Equal("the worker's the host's True", await pool.Submit<string>("asked").Task.WaitAsync(TestPool.Patience));
        await loggers.Until(static l => l.Category == typeof(Counted).FullName!.Replace('+', '.') && l.Text == "from a handler");
    }

    [Fact]
    public async Task What_the_program_throws_comes_out_of_the_start()
    {
        var taken = await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.StartInProcessAsync(
            static worker =>
            {
                worker.MapTask("twice", static () => { });
                worker.MapTask("twice", static () => { });
            },
            cancellationToken: Token));
        Assert.Contains("\"twice\" is already mapped", taken.Message, StringComparison.Ordinal);

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => WorkerPool.StartInProcessAsync(
            static worker => worker.Initialize(static _ => throw new TimeZoneNotFoundException()), cancellationToken: Token));

        var run = await Assert.ThrowsAsync<InvalidOperationException>(() => WorkerPool.StartInProcessAsync(
            static worker => worker.RunAsync().GetAwaiter().GetResult(), cancellationToken: Token));
        Assert.Contains("the pool runs what is mapped", run.Message, StringComparison.Ordinal);

        var options = await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.StartInProcessAsync(
            static _ => { }, new InProcessPoolOptions { Concurrency = 0, Attempts = 0 }, Token));
        Assert.Contains("Concurrency is 0; allowed is from 1 to 1024", options.Message, StringComparison.Ordinal);
        Assert.Contains("Attempts is 0", options.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_is_given_up_leaves_nothing_behind()
    {
        using var given = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var starting = WorkerPool.StartInProcessAsync(
            worker => worker.Initialize(token =>
            {
                token.Register(cancelled.SetResult);
                begun.SetResult();
                return Task.Delay(Timeout.Infinite, token);
            }),
            cancellationToken: given.Token);
        await begun.Task.WaitAsync(TestPool.Patience);

        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(TestPool.Patience));
        await cancelled.Task.WaitAsync(TestPool.Patience);
    }

    [Fact]
    public async Task Many_callers_and_large_results_at_once()
    {
        await using var pool = await WorkerPool.StartInProcessAsync(
            static worker =>
            {
                worker.MapTask("add", static (int a, int b) => a + b);
                worker.MapTask("echo", static (byte[] bytes) => bytes);
            },
            new InProcessPoolOptions { Concurrency = 4 },
            Token);
        var payload = new byte[5_000_000];
        new Random(2).NextBytes(payload);

        var callers = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            var large = pool.SubmitBytes("echo", payload);
            foreach (var future in Enumerable.Range(0, 2000).Select(i => (i, pool.Submit<int>("add", [n, i]))).ToList())
            {
                Assert.Equal(n + future.i, await future.Item2);
            }

            Assert.True((await large).Span.SequenceEqual(payload));
        }));

        await Task.WhenAll(callers).WaitAsync(TestPool.Patience);
    }

    // That it runs is a fact only when its handler says so: until then a cancellation may take it out of the lane's queue.
    private static Task<WorkerPool> StartDeafAsync(RecordingLoggers loggers, SemaphoreSlim begun, ManualResetEventSlim release, Action left) => WorkerPool.StartInProcessAsync(
        worker =>
        {
            worker.MapTask("deaf", () =>
            {
                begun.Release();
                release.Wait(CancellationToken.None);
                left();
            });
            worker.MapTask("add", static (int a, int b) => a + b);
        },
        new InProcessPoolOptions
        {
            Concurrency = 1,
            CancelGrace = TimeSpan.FromMilliseconds(10),
            ExpiredCancelGrace = TimeSpan.FromMilliseconds(10),
            LoggerFactory = loggers,
        },
        Token);

    private sealed record Own(string Name);

    private sealed class Counted : IDisposable
    {
        private static int disposed;

        public static int Disposed => Volatile.Read(ref disposed);

        public void Dispose() => Interlocked.Increment(ref disposed);
    }
}
