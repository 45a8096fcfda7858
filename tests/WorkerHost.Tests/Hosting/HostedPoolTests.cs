using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace WorkerHost.Tests;

/// <summary>Pools among the services of a host.</summary>
public sealed class HostedPoolTests
{
    [Fact]
    public async Task A_service_takes_pools_with_and_without_a_key_and_they_are_as_configured()
    {
        var builder = Builder(new() { ["Pools:Images:Workers"] = "2", ["Pools:Images:Command:FileName"] = TestPool.Worker().FileName, ["Pools:Images:Supervision:Spares"] = "0" });
        builder.Services.AddWorkerPool().Command(TestPool.Worker()).Configure(static o => o with { Workers = 1 });
        builder.Services.AddWorkerPool("images").Bind("Pools:Images");
        builder.Services.AddSingleton<Consumer>();
        int[] pids;
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            var consumer = host.Services.GetRequiredService<Consumer>();

            Assert.Equal((3, 7), await consumer.AddAsync().WaitAsync(TestPool.Patience));
            Assert.Equal(("default", "images"), (consumer.Plain.Name, consumer.Images.Name));
            await TestPool.Until(() => consumer.Images.Workers.Count(static w => w.State == SlotState.Ready) == 2);
            pids = [.. consumer.Images.Workers.Concat(consumer.Plain.Workers).Select(static w => w.Pid).Where(static pid => pid > 0)];
            await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        }

        Assert.Equal(3, pids.Length);
        Assert.DoesNotContain(pids, TestPool.IsAlive);
    }

    [Fact]
    public async Task What_is_wrong_with_any_pool_fails_the_start_all_of_it_at_once_and_no_worker_is_started()
    {
        var builder = Builder(new() { ["A:Workers"] = "0", ["A:Wokers"] = "1", ["A:Command:FileName"] = " " });
        builder.Services.AddWorkerPool("a").Bind("A");
        builder.Services.AddWorkerPool("b").Configure(static o => o with { Name = "c", QueueCapacity = -1 });
        builder.Services.AddWorkerPool("not a name");
        builder.Services.AddHealthChecks().AddWorkerPool("a").AddWorkerPool("z");
        using var host = builder.Build();

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        string[] expected =
        [
            "pool a: A:Wokers is no setting",
            "pool a: Workers is ",
            "pool a: WorkerCommand.FileName is ",
            "pool b: Name is 'c'; the pool was added as 'b'",
            "pool b: QueueCapacity is -1",
            "pool not a name: Name is 'not a name'",
            "pool z: a health check was added for it, and no pool of that name; there are 'a', 'b', 'not a name'",
        ];
        Assert.Equal(expected.Length, failure.Failures.Count());
        Assert.All(expected.Zip(failure.Failures), static pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.All(failure.Failures, message => Assert.Contains(message, failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Scenario", "23")]
    public async Task A_host_whose_workers_cannot_boot_stays_up_says_why_and_serves_when_they_can()
    {
        var builder = Builder([]);
        var path = TestPool.NewPath();
        builder.Services.AddWorkerPool("late").Command(WorkerCommand.Create(path)).Configure(static o => TestPool.Options() with { Name = o.Name });
        builder.Services.AddHealthChecks().AddWorkerPool("late");
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var pool = host.Services.GetRequiredKeyedService<WorkerPool>("late");
        var health = host.Services.GetRequiredService<HealthCheckService>();

        await TestPool.Until(() => pool.Supervisor.Readiness.LastDeath is not null);
        var sick = (await health.CheckHealthAsync(TestContext.Current.CancellationToken)).Entries["workerhost-late"];
        Assert.Equal(HealthStatus.Unhealthy, sick.Status);
        Assert.Contains(path, sick.Description!, StringComparison.Ordinal);

        File.CreateSymbolicLink(path, TestPool.Worker().FileName);
        await TestPool.Until(() => pool.Supervisor.Readiness.IsReady);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        await TestPool.Until(() => health.CheckHealthAsync().GetAwaiter().GetResult().Status == HealthStatus.Healthy);
        await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        File.Delete(path);
    }

    [Fact]
    [Trait("Scenario", "43")]
    public async Task Services_that_stop_may_still_use_the_pool_and_what_runs_is_finished()
    {
        var builder = Builder([]);
        builder.Services.AddHostedService<LastWords>();
        builder.Services.AddWorkerPool().Command(TestPool.Worker()).Configure(static o => o with { Workers = 1 });
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var pool = host.Services.GetRequiredService<WorkerPool>();

        await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);

        Assert.All(host.Services.GetServices<IHostedService>().OfType<LastWords>(), static service => Assert.Equal(3, service.Said!.GetResult(TestPool.Patience)));
        Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit<int>("add", [1, 2])).Kind);
        Assert.DoesNotContain(pool.Workers, static w => w.Pid > 0);
    }

    [Fact]
    public void A_name_is_taken_once()
    {
        var services = new ServiceCollection();
        services.AddWorkerPool("images");

        Assert.Contains("'images'", Assert.Throws<ArgumentException>(() => services.AddWorkerPool("images")).Message, StringComparison.Ordinal);
    }

    private static HostApplicationBuilder Builder(Dictionary<string, string?> configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(configuration);
        return builder;
    }

    private sealed class Consumer(WorkerPool plain, [FromKeyedServices("images")] WorkerPool images)
    {
        public WorkerPool Plain => plain;

        public WorkerPool Images => images;

        public async Task<(int Plain, int Images)> AddAsync() => (await plain.Submit<int>("add", [1, 2]), await images.Submit<int>("add", [3, 4]));
    }

    private sealed class LastWords(WorkerPool pool) : IHostedService
    {
        public TaskFuture<int>? Said { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Said = pool.Submit<int>("add", [1, 2], cancellationToken: CancellationToken.None);
            return Task.CompletedTask;
        }
    }
}
