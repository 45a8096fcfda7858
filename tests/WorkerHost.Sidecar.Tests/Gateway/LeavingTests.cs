using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A client that ends its pool does not come back, and a host keeps nothing for it.</summary>
public sealed class LeavingTests
{
    [Fact]
    public async Task A_client_that_leaves_is_forgotten_at_once_with_all_that_it_had()
    {
        await using var host = await HostUnderTest.StartAsync(new DataSettings(), await HostUnderTest.InProcess("here", static worker => worker.MapTask("add", static (int a, int b) => a + b)));
        var core = (PoolCore)host.Endpoints.Named("here");
        for (var i = 0; i < 20; i++)
        {
            await using var pool = await WorkerPool.ConnectAsync($"unix://{host.SocketPath}", new WorkerPoolOptions(), TestContext.Current.CancellationToken);
            var sums = Enumerable.Range(0, 50).Select(n => pool.Submit<int>("add", [n, 1])).ToList();
            Assert.Equal(Enumerable.Range(1, 50), await TaskFuture.WhenAll(sums));
        }

        await Eventually.IsTrue(() => core.Clients == 0, "every client is forgotten");
    }
}
