using Microsoft.Extensions.Logging;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Sidecar.Hosting;

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

    [Fact]
    public async Task A_call_that_its_client_gives_up_before_it_was_read_is_no_error_of_the_host()
    {
        await using var host = await HostUnderTest.StartAsync(new DataSettings(), await HostUnderTest.InProcess("here", static worker => worker.MapTask("add", static (int a, int b) => a + b)));
        using var client = new RawHttp2(host.SocketPath);
        byte[] cancel = [0, 0, 0, 8];
        client.Send(
            RawHttp2.Hello,
            RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, 1, RawHttp2.Call("/workerhost.v1.TaskEndpoint/Run")),
            RawHttp2.Frame(RawHttp2.Data, 0, 1, [0, 0, 0]),
            RawHttp2.Frame(RawHttp2.Reset, 0, 1, cancel));
        var line = await host.Loggers.Until(static l => l is { Category: QuietWhenClientsLeave.Calls, Error: IOException });
        Assert.Equal(LogLevel.Debug, line.Level);
    }
}
