using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WorkerHost.Testing.Tests;

/// <summary>A test pool in the services of a host, in the place of the real one.</summary>
public sealed class HealthTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_goes_unhealthy_when_no_worker_can_boot_and_comes_back()
    {
        await using var test = await TestPool.StartAsync(static worker => worker.MapTask("nothing", static () => { }), new TestPoolOptions { Workers = 2 }, Token);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddWorkerPool("images");
        services.AddHealthChecks().AddWorkerPool("images");
        services.AddKeyedSingleton("images", test.Pool);
        await using var provider = services.BuildServiceProvider();
        var health = provider.GetRequiredService<HealthCheckService>();

        Assert.Same(test.Pool, provider.GetRequiredKeyedService<WorkerPool>("images"));
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Token)).Status);

        await test.Workers[0].NeverReadyAsync("no model.bin");
        Assert.Equal(HealthStatus.Degraded, (await health.CheckHealthAsync(Token)).Status);

        await test.Workers[1].NeverReadyAsync("no model.bin");
        var sick = (await health.CheckHealthAsync(Token)).Entries["workerhost-images"];
        Assert.Equal(HealthStatus.Unhealthy, sick.Status);
        Assert.Contains("no model.bin", sick.Description, StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<TaskException>(async () => await test.Pool.Submit("nothing"));
        Assert.Equal(TaskFailureKind.NoWorkers, failure.Kind);
        Assert.Contains("no model.bin", failure.Message, StringComparison.Ordinal);

        await Task.WhenAll(test.Workers.Select(static w => w.RestartAsync()));
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(Token)).Status);
        await test.Pool.Submit("nothing");
    }
}
