using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>The standard health service of the host and of its pools.</summary>
[Trait("Scenario", "57")]
public sealed class HealthTests
{
    [Fact]
    public async Task Whoever_watches_a_pool_sees_it_lose_its_last_worker_and_find_another_while_the_host_lives_on()
    {
        var workers = await WorkerPool.StartAsync(
            TestWorker.Command, new EmbeddedPoolOptions { Name = "images", Workers = 1, Supervision = new SupervisorOptions { Spares = 0 } }, TestContext.Current.CancellationToken);
        await using var host = await HostUnderTest.StartAsync(new DataSettings(), new HostedPool("images", workers));
        var health = new Health.HealthClient(host.OverSocket());
        using var pool = health.Watch(new HealthCheckRequest { Service = "images" });
        using var all = health.Watch(new HealthCheckRequest { Service = "workerhost.v1.TaskEndpoint" });

        Assert.Equal(ServingStatus.Serving, await NextAsync(pool));
        Assert.Equal(ServingStatus.Serving, await NextAsync(all));
        using (var worker = System.Diagnostics.Process.GetProcessById(workers.Workers[0].Pid))
        {
            worker.Kill();
        }

        Assert.Equal(ServingStatus.NotServing, await NextAsync(pool));
        Assert.Equal(ServingStatus.Serving, await NextAsync(pool));
        Assert.Equal(ServingStatus.NotServing, await NextAsync(all));
        Assert.Equal(ServingStatus.Serving, await NextAsync(all));
        Assert.Equal(ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest())).Status);

        await workers.Supervisor.ScaleAsync(0, TestContext.Current.CancellationToken);
        Assert.Equal(ServingStatus.NotServing, await NextAsync(pool));
        Assert.Equal(ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest())).Status);
    }

    [Fact]
    public async Task A_pool_is_unknown_before_it_comes_and_after_it_has_gone()
    {
        await using var host = await HostUnderTest.StartAsync(new DataSettings());
        var health = new Health.HealthClient(host.OverSocket());
        using var watch = health.Watch(new HealthCheckRequest { Service = "pdf" });
        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => health.CheckAsync(new HealthCheckRequest { Service = "pdf" }).ResponseAsync)).StatusCode);
        Assert.Equal(ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest { Service = "workerhost.v1.TaskEndpoint" })).Status);

        var pdf = await HostUnderTest.InProcess("pdf", static worker => worker.MapTask("add", static (int a, int b) => a + b));
        host.Pools.Replace([pdf]);
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
        host.Pools.Replace([]);
        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
        await pdf.Pool.DisposeAsync();
    }

    [Fact]
    public async Task A_host_that_drains_says_so_of_itself_and_of_every_pool()
    {
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings(), await HostUnderTest.InProcess("pdf", static worker => worker.MapTask("add", static (int a, int b) => a + b)));
        var health = new Health.HealthClient(host.OverSocket());
        using var itself = health.Watch(new HealthCheckRequest());
        using var pool = health.Watch(new HealthCheckRequest { Service = "pdf" });
        Assert.Equal((ServingStatus.Serving, ServingStatus.Serving), (await NextAsync(itself), await NextAsync(pool)));

        host.Plane.Drain();

        Assert.Equal((ServingStatus.NotServing, ServingStatus.NotServing), (await NextAsync(itself), await NextAsync(pool)));
    }

    private static async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken).WaitAsync(HostUnderTest.Patience));
        return watch.ResponseStream.Current.Status;
    }
}
