using System.Net;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>A pool whose workers cannot boot beside one whose can: the host stays up, says why it is not ready, and can be operated.</summary>
public sealed class UnbootableTests
{
    private static readonly TimeSpan Patience = Eventually.Patience;

    [Fact]
    [Trait("Scenario", "23")]
    [Trait("Scenario", "57")]
    public async Task A_host_whose_workers_cannot_boot_is_live_and_not_ready_and_can_be_operated_until_they_can()
    {
        var needed = Path.Combine(Path.GetTempPath(), $"workerhost-test-{Guid.NewGuid():n}");

        // A shell fails sooner than a runtime; given the file, it becomes the worker.
        var command = WorkerCommand.Create("/bin/sh", "-c", "test -f \"$0\" && exec \"$1\"; echo cannot boot without $0 >&2; exit 3", needed, TestWorker.Path);
        var options = AdminHost.Options("broken", 2);
        var broken = EmbeddedWorkerPool.Begin(command, options with
        {
            Supervision = options.Supervision with { Restart = new RestartOptions { Intensity = 2, MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(300) } },
        });
        var works = await WorkerPool.StartInProcessAsync(static _ => { }, new InProcessPoolOptions { Name = "works" });
        await using var host = await AdminHost.StartAsync([works, broken]);
        await Eventually.IsTrue(() => broken.Workers.All(static w => w.BreakerOpen), "the breakers open");

        // Liveness is not readiness.
        Assert.Equal("{\n  \"live\": true,\n  \"reason\": null\n}", await host.Http.GetStringAsync("/healthz"));
        var (status, body) = await GetAsync(host.Http, "/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("1 of 2 pools are not ready: broken", body, StringComparison.Ordinal);
        Assert.Contains($"cannot boot without {needed}", body, StringComparison.Ordinal);

        // Whoever has no token hears that it is so, and not why.
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "{\n  \"ready\": false\n}"), await GetAsync(host.Stranger, "/readyz"));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host.Stranger, "/healthz")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host.Stranger, "/metrics")).Status);

        var pools = (await host.Client.ListPoolsAsync(new ListPoolsRequest())).Pools;
        Assert.Equal([("broken", false), ("works", true)], pools.Select(static pool => (pool.Name, pool.Ready)));
        Assert.Equal((0u, 3, 0u), (pools[0].Serving, pools[0].LastDeath.ExitCode, pools[0].Workers.Idle));
        Assert.Equal([$"cannot boot without {needed}"], pools[0].LastDeath.LastOutput);
        Assert.Contains(pools[0].LastDeath.BootSteps, static step => step.Name == "process");
        Assert.Equal(["broken/0", "broken/1"], (await host.Client.ListWorkersAsync(new ListWorkersRequest { Pool = "broken" })).Workers.Select(static w => w.Id.Split('#')[0]));

        var why = await host.ExplainAsync(new ExplainRequest { Readiness = new ReadinessQuestion() });
        Assert.Equal("The host is not ready: 1 of 2 pools are not ready: broken.", why[0]);
        Assert.StartsWith("Pool broken is not ready: 0 of 2 workers take tasks", why[1], StringComparison.Ordinal);
        Assert.Contains(why, static sentence => sentence.StartsWith("Pool works is ready", StringComparison.Ordinal));
        var worker = await host.ExplainAsync(new ExplainRequest { Worker = "broken/0" });
        Assert.Contains("cannot boot without", string.Join(' ', worker), StringComparison.Ordinal);
        Assert.Contains(worker, static sentence => sentence.Contains("breaker is open", StringComparison.Ordinal));

        // Not said which pool; and a command to a pool that cannot obey.
        var (refusal, message) = await AdminHost.RefusalAsync(() => host.Client.RestartAsync(new RestartRequest()).ResponseAsync);
        Assert.Equal((StatusCode.InvalidArgument, "this host has several pools, and the request names none; name one of broken, works"), (refusal, message));
        Assert.Equal(StatusCode.FailedPrecondition, (await AdminHost.RefusalAsync(() => host.Client.RestartAsync(new RestartRequest { Pool = "works" }).ResponseAsync)).Status);
        Assert.Equal(
            StatusCode.DeadlineExceeded,
            (await AdminHost.RefusalAsync(() => host.Client.ScaleAsync(new ScaleRequest { Pool = "broken", Workers = 1, Wait = true }, deadline: DateTime.UtcNow.AddMilliseconds(100)).ResponseAsync)).Status);

        // The cause is gone: the watch sees it become ready.
        using var watch = host.Client.Watch(new WatchRequest { Pool = "broken" });
        await File.WriteAllTextAsync(needed, "");
        while (watch.ResponseStream.Current is not { Event: { Kind: "readiness_changed", Ready: true } })
        {
            Assert.True(await watch.ResponseStream.MoveNext().WaitAsync(Patience));
        }

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host.Stranger, "/readyz")).Status);
        host.Plane.BeginStop("SIGTERM");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(host.Stranger, "/readyz")).Status);
        Assert.Equal("The host is not ready: the host is stopping: SIGTERM.", (await host.ExplainAsync(new ExplainRequest { Readiness = new ReadinessQuestion() }))[0]);

        // A watch ends with the plane, and is no failure.
        await host.Plane.DisposeAsync();
        while (await watch.ResponseStream.MoveNext().WaitAsync(Patience))
        {
            Assert.NotEqual("", watch.ResponseStream.Current.Cursor);
        }

        File.Delete(needed);
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
