using System.Diagnostics;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>A host with three pools: one works, the command of one does not exist, the workers of one die at their boot.</summary>
public sealed class UnbootablePoolTests : IAsyncLifetime
{
    private RunningHost? started;

    private RunningHost Host => started!;

    private string Needed => Path.Combine(Host.Directory, "needed");

    public async ValueTask InitializeAsync()
    {
        var directory = Directory.CreateTempSubdirectory("wh-");
        started = await RunningHost.StartAsync(
            new Dictionary<string, object>
            {
                ["works"] = RunningHost.Pool(1),
                ["missing"] = RunningHost.Pool("/nowhere/at/all", 1),

                // A shell fails sooner than a runtime; given the file, it becomes the worker.
                ["dying"] = RunningHost.Pool("/bin/sh", 1, "-c", "test -f \"$0\" && exec \"$1\"; echo cannot boot without $0 >&2; exit 3", Path.Combine(directory.FullName, "needed"), TestWorker.Path),
            },
            directory.FullName);
    }

    [Fact]
    [Trait("Scenario", "23")]
    [Trait("Scenario", "22")]
    public async Task It_serves_the_others_says_why_fails_fast_and_recovers_by_itself()
    {
        await using var works = await Host.ConnectAsync("works");
        Assert.Equal(3, await works.Submit<int>("add", [1, 2]).Task.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
        await Eventually.IsTrue(() => Host.Admin.ListWorkers(new ListWorkersRequest { Pool = "dying" }).Workers.All(static w => w.BreakerOpen), "the breaker opens");
        await Eventually.IsTrue(() => Host.Admin.ListWorkers(new ListWorkersRequest { Pool = "missing" }).Workers.All(static w => w.BreakerOpen), "the breaker opens");

        // Unary, without anything of ours; and from a pool of ours.
        foreach (var pool in new[] { "missing", "dying" })
        {
            var since = Stopwatch.GetTimestamp();
            var e = await Assert.ThrowsAsync<RpcException>(
                () => Host.Endpoint().RunAsync(new RunRequest { Task = "add", Pool = pool }, deadline: DateTime.UtcNow.Add(Eventually.Patience)).ResponseAsync);
            Assert.Equal(StatusCode.Unavailable, e.StatusCode);
            Assert.Contains("no worker can be had", e.Status.Detail, StringComparison.Ordinal);
            await using var client = await Host.ConnectAsync(pool);
            var failure = await RefusalAsync(client);
            Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(5));
            while (failure.RetryAfter is null)
            {
                // Nobody has an opinion while the next worker is being tried; that passes.
                Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, Eventually.Patience);
                failure = await RefusalAsync(client);
            }

            Assert.InRange(failure.RetryAfter.Value, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(30));
        }

        var (code, output, error) = await Host.CommandAsync("explain readiness");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("2 of 3 pools are not ready: dying, missing", output, StringComparison.Ordinal);
        Assert.Contains("/nowhere/at/all", output, StringComparison.Ordinal);
        Assert.Contains($"cannot boot without {Needed}", output, StringComparison.Ordinal);

        // Somebody mends it.
        await File.WriteAllTextAsync(Needed, "", TestContext.Current.CancellationToken);
        await using var mended = await Host.ConnectAsync("dying");
        await Eventually.IsTrue(() => Host.Admin.ListPools(new ListPoolsRequest()).Pools.Single(static pool => pool.Name == "dying").Ready, "it recovers by itself");
        Assert.Equal(3, await mended.Submit<int>("add", [1, 2]).Task.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken));
        Assert.False((await Host.Admin.ListPoolsAsync(new ListPoolsRequest())).Ready);

        await Host.SignalAsync("TERM");
        Assert.Equal(0, await Host.ExitAsync());
    }

    private static async Task<TaskFailure> RefusalAsync(WorkerPool client)
    {
        var failure = (await Assert.ThrowsAsync<TaskException>(() => client.Submit<int>("add", [1, 2]).Task.WaitAsync(Eventually.Patience))).Failure;
        Assert.Equal((TaskFailureKind.NoWorkers, true), (failure.Kind, failure.NeverStarted));
        return failure;
    }

    public async ValueTask DisposeAsync()
    {
        var directory = Host.Directory;
        await Host.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
