using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>The workers of a host are replaced while it is at work.</summary>
public sealed class ChangingPoolTests
{
    [Fact]
    [Trait("Category", "Slow")]
    [Trait("Scenario", "44")]
    public async Task Neither_a_rolling_restart_nor_a_reload_fails_a_call_and_a_broken_one_leaves_the_old_workers_at_work()
    {
        await using var host = await RunningHost.StartAsync(new() { ["images"] = RunningHost.Pool(2) });
        await using var pool = await host.ConnectAsync();
        await Eventually.IsTrue(() => host.Admin.ListPools(new ListPoolsRequest()).Pools[0].Serving == 2, "all workers are there");
        var endpoint = host.Endpoint();
        var request = new RunRequest { Task = "add", Payload = new Payload { ContentType = "application/json", Data = Google.Protobuf.ByteString.CopyFromUtf8("[1,2]") } };

        // Not idempotent: a task whose worker left too early would be lost.
        var tasks = Load.Start(16, () => pool.Submit<int>("add", [1, 2]).Task);
        var calls = Load.Start(4, async () => await endpoint.RunAsync(request));
        await tasks.AnotherAsync(200);
        var first = await PidsAsync(host);

        var (code, output, error) = await host.CommandAsync("restart --rolling");
        Assert.Equal((0, "every worker of images was replaced\n", ""), (code, output, error));
        await tasks.AnotherAsync(200);
        Assert.Empty(tasks.Failures.Concat(calls.Failures));
        var second = await PidsAsync(host);
        Assert.Empty(first.Intersect(second));

        // Another pool takes the place of this one.
        host.Reconfigure(new() { ["images"] = RunningHost.Pool(2, "--traced") });
        await host.SignalAsync("HUP");
        await host.LoggedAsync("the configuration was read again: replaced or scaled: images");
        await tasks.AnotherAsync(200);
        await calls.AnotherAsync(20);
        Assert.Empty(tasks.Failures.Concat(calls.Failures));
        await Eventually.IsTrue(() => !second.Any(RunningHost.IsAlive), "the old workers leave");
        var third = await PidsAsync(host);

        // Nobody can be booted with that.
        host.Reconfigure(new() { ["images"] = RunningHost.Pool("/bin/false", 2) });
        (code, output, error) = await host.CommandAsync("reload");
        Assert.NotEqual(0, code);
        Assert.Contains("the old one keeps serving", output, StringComparison.Ordinal);
        await host.LoggedAsync("pool images: with the new configuration no worker got ready");
        await tasks.AnotherAsync(200);
        Assert.Equal(third, await PidsAsync(host));
        await tasks.StopAsync();
        await calls.StopAsync();
        Assert.Empty(tasks.Failures.Concat(calls.Failures));
    }

    // The slots of a pool that leaves are shown until it is gone, also when nobody is in them.
    private static async Task<List<int>> PidsAsync(RunningHost host) => [.. (await host.WorkersAsync()).Select(static w => w.Pid).Where(static pid => pid != 0).Order()];
}
