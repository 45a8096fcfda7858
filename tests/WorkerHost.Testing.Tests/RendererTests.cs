using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Testing.Tests;

/// <summary>A service of somebody's, with what he decided for the day a worker is lost, slow or not to be had.</summary>
internal sealed class Renderer(WorkerPool pool)
{
    public async Task<string> RenderAsync(string url, CancellationToken cancellationToken = default)
    {
        try
        {
            var options = new TaskOptions { TimeLimit = TimeSpan.FromSeconds(5) };
            return await pool.Submit<string>("render", [url], options, cancellationToken);
        }
        catch (TaskException e) when (e.Kind == TaskFailureKind.WorkerLost)
        {
            return $"without pictures, because of {e.Failure.Deaths[0].Exit}";
        }
        catch (TaskException e) when (e.Kind == TaskFailureKind.DeadlineExceeded)
        {
            return "too slow";
        }
        catch (TaskException e) when (e.Kind is TaskFailureKind.NoWorkers or TaskFailureKind.Rejected)
        {
            return "come again later";
        }
    }
}

/// <summary>Tests as a user would write them, of a service of his own.</summary>
public sealed class RendererTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task My_service_falls_back_when_the_worker_is_lost()
    {
        await using var test = await TestPool.StartAsync(Program, cancellationToken: Token);
        test.CrashOn("render", death: TestDeath.Signal("SIGABRT"));
        var renderer = new Renderer(test.Pool);

        Assert.Equal("without pictures, because of SIGABRT", await renderer.RenderAsync("a", Token));
        Assert.Equal("page a", await renderer.RenderAsync("a", Token));
    }

    [Fact]
    public async Task My_service_gives_up_at_exactly_five_seconds_and_the_test_takes_none()
    {
        var clock = new FakeTimeProvider();
        await using var test = await TestPool.StartAsync(Program, new TestPoolOptions { TimeProvider = clock }, Token);
        test.Workers[0].SlowDown(TimeSpan.FromSeconds(10));

        var page = new Renderer(test.Pool).RenderAsync("a", Token);
        await test.UntilRunningAsync("render", cancellationToken: Token);
        clock.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(page.IsCompleted);
        Assert.Equal(1, test.Pool.UnsettledTasks);

        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("too slow", await page.WaitAsync(Eventually.Patience, Token));
    }

    [Fact]
    public async Task My_service_says_come_again_when_no_worker_can_be_had_and_serves_when_one_can()
    {
        await using var test = await TestPool.StartAsync(Program, cancellationToken: Token);
        await test.Workers[0].NeverReadyAsync("libpicture.so.4 is missing");
        var renderer = new Renderer(test.Pool);

        Assert.Equal("come again later", await renderer.RenderAsync("a", Token));

        await test.Workers[0].RestartAsync();
        Assert.Equal("page a", await renderer.RenderAsync("a", Token));
    }

    [Fact]
    public async Task My_service_says_come_again_when_the_queue_is_full()
    {
        var clock = new FakeTimeProvider();
        await using var test = await TestPool.StartAsync(Program, new TestPoolOptions { QueueCapacity = 2, TimeProvider = clock }, Token);
        test.Workers[0].Hang();
        var renderer = new Renderer(test.Pool);

        // What a worker has been given waits in no queue.
        var accepted = new List<Task<string>>();
        while (test.Pool.QueuedTasks < 2)
        {
            accepted.Add(renderer.RenderAsync("a", Token));
        }

        Assert.Equal("come again later", await renderer.RenderAsync("b", Token));
        test.Workers[0].Resume();
        Assert.All(await Task.WhenAll(accepted), static page => Assert.Equal("page a", page));
    }

    private static void Program(WorkerApplication worker) => worker.MapTask("render", static (string url) => $"page {url}");
}
