using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A host does not wait for its workers, and its clients need not wait for them either.</summary>
public sealed class EarlyClientTests
{
    [Fact]
    [Trait("Scenario", "50")]
    public async Task A_client_that_comes_before_the_workers_is_told_how_many_tasks_they_will_run()
    {
        var sleeps = new WorkerCommand { FileName = "sleep", Arguments = ["600"] };
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings(), new HostedPool("images", EmbeddedWorkerPool.Begin(sleeps, new EmbeddedPoolOptions { Name = "images", Workers = 4, Concurrency = 2 })));
        using var client = await RawClient.OpenAsync(host.Plane.Addresses[0], "early");
        Assert.Equal(8u, client.Hello.Concurrency);
    }
}
