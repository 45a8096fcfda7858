using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace WorkerHost.Tests;

/// <summary>A service whose pool is switched to threads with one line.</summary>
public sealed class HostedInProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_line_runs_a_services_tasks_in_its_own_process_with_its_own_services()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(new Prices(5));
        builder.Services.AddWorkerPool("shop").Command(WorkerCommand.Create("/no/such/program")).Configure(static o => o with { Workers = 2, Concurrency = 3 })
            .InProcess(static worker => worker.MapTask("price", static (int pieces, Prices prices) => pieces * prices.Each));
        builder.Services.AddHealthChecks().AddWorkerPool("shop");
        using var host = builder.Build();
        await host.StartAsync(Token);
        var pool = host.Services.GetRequiredKeyedService<WorkerPool>("shop");

        Assert.Equal(35, await pool.Submit<int>("price", [7]).Task.WaitAsync(TestPool.Patience));

        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Contains("6 threads", health.Entries["workerhost-shop"].Description!, StringComparison.Ordinal);
        await host.StopAsync(Token).WaitAsync(TestPool.Patience);
        Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit<int>("price", [7])).Kind);
    }

    [Fact]
    public async Task A_program_that_fails_does_not_fail_the_host_and_health_and_tasks_say_why()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddWorkerPool().InProcess(static worker => worker.Initialize(static _ => throw new FileNotFoundException("no model.bin")));
        builder.Services.AddHealthChecks().AddWorkerPool();
        using var host = builder.Build();
        await host.StartAsync(Token);

        // It waits until that is known, or is refused when it is.
        var failure = await Assert.ThrowsAsync<TaskException>(() => SubmitAsync(host.Services.GetRequiredService<WorkerPool>()));

        Assert.Equal(TaskFailureKind.NoWorkers, failure.Kind);
        Assert.Contains("no model.bin", failure.Message, StringComparison.Ordinal);
        var entry = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token)).Entries["workerhost-default"];
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Contains("no model.bin", entry.Description!, StringComparison.Ordinal);
        await host.StopAsync(Token).WaitAsync(TestPool.Patience);
    }

    private static async Task SubmitAsync(WorkerPool pool) => await pool.Submit("any").Completion.WaitAsync(TestPool.Patience);

    private sealed record Prices(int Each);
}
