using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using WorkerHost.Testing;

namespace WorkerHost.Samples.Testing;

internal static class TestingPage
{
    public static void Program(WorkerApplication worker)
    {
        worker.MapTask("fetch", (string url, HttpClient http) => http.GetStringAsync(url));
        worker.MapTask("render", (string url) => $"page {url}");
    }

    public static async Task ThreadsAsync(string url, IServiceProvider services)
    {
        await using var pool = await WorkerPool.StartInProcessAsync(Program, new InProcessPoolOptions { Concurrency = 32, Services = services });

        string text = await pool.Submit<string>("fetch", [url]);
    }

    public static void Switch(IServiceCollection services, bool debugging)
    {
        var pool = services.AddWorkerPool("images");
        if (debugging)
        {
            pool.InProcess(Program);
        }
    }

    public static async Task LostAsync()
    {
        await using var test = await TestPool.StartAsync(Program);
        test.CrashOn("render", death: TestDeath.Signal("SIGABRT"));
        var renderer = new Renderer(test.Pool);                          // your own code, with the pool it would have had

        Equal("without pictures", await renderer.RenderAsync("a"));      // what it decided for a lost worker
        Equal("page a", await renderer.RenderAsync("a"));                // the next worker is there
    }

    public static async Task SlowAsync()
    {
        var clock = new FakeTimeProvider();
        await using var test = await TestPool.StartAsync(Program, new TestPoolOptions { TimeProvider = clock });
        test.Workers[0].SlowDown(TimeSpan.FromSeconds(10));

        var page = new Renderer(test.Pool).RenderAsync("a");             // it has a time limit of 5 s
        await test.UntilRunningAsync("render");                          // wait for facts, never for time
        clock.Advance(TimeSpan.FromSeconds(5));

        Equal("too slow", await page);
    }

    private static void Equal(string expected, string actual) => ArgumentOutOfRangeException.ThrowIfNotEqual(actual, expected);

    private sealed class Renderer(WorkerPool pool)
    {
        public async Task<string> RenderAsync(string url) => await pool.Submit<string>("render", [url], new TaskOptions { TimeLimit = TimeSpan.FromSeconds(5) });
    }
}
