using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>One pool of two workers behind a data plane, and a client's pool over it.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    private WorkerPool? workers;
    private DataPlane? plane;
    private string? directory;

    public string Address => plane!.Addresses[0];

    public WorkerPool Client { get; private set; } = null!;

    public WorkerPool Workers => workers!;

    public async ValueTask InitializeAsync()
    {
        directory = Directory.CreateTempSubdirectory("workerhost-").FullName;
        workers = await WorkerPool.StartAsync(TestWorker.Command, new EmbeddedPoolOptions { Name = "images", Workers = 2 });
        var pools = new HostedPools([new HostedPool("images", workers)]);
        plane = await DataPlane.StartAsync(
            new DataSettings(),
            Path.Combine(directory, "data.sock"),
            new PoolEndpoints(pools, "host-1", TimeSpan.FromSeconds(30), TimeProvider.System, NullLogger.Instance),
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None);
        Client = await WorkerPool.ConnectAsync(Address, new WorkerPoolOptions { Name = "client" });
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await plane!.DisposeAsync();
        await workers!.DisposeAsync();
        Directory.Delete(directory!, recursive: true);
    }
}

public sealed class GatewayTests(GatewayFixture host) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task A_pool_over_a_host_runs_tasks_there()
    {
        Assert.Equal(3, await host.Client.Submit<int>("add", [1, 2]).Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ten_thousand_tasks_over_a_host_have_their_own_results()
    {
        var futures = Enumerable.Range(0, 10_000).Select(i => host.Client.Submit<int>("add", [i, 1])).ToList();
        for (var i = 0; i < futures.Count; i++)
        {
            Assert.Equal(i + 1, await futures[i].Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_failure_in_a_worker_behind_the_host_arrives_as_what_it_was()
    {
        var e = await Assert.ThrowsAsync<TaskException>(() => host.Client.Submit<int>("throw", ["no luck"]).Task);
        Assert.Equal(TaskFailureKind.TaskFailed, e.Kind);
        Assert.Contains("no luck", e.Message, StringComparison.Ordinal);
    }
}
