using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>What waits in a host's queue goes back to the client that asks for it.</summary>
public sealed class RecallTests(GatewayFixture host) : IClassFixture<GatewayFixture>, IDisposable
{
    // Of two workers and a spare.
    private const int Lanes = 3;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("workerhost-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Scenario", "47")]
    public async Task A_stop_of_a_clients_pool_cancels_what_waits_at_the_host_and_lets_finish_what_runs()
    {
        var running = await BlockAsync("meet");
        await using var pool = await WorkerPool.ConnectAsync(host.Address, new WorkerPoolOptions { Name = "stops" }, Token);

        // A client has as many at the host as that has lanes, a spare's included, and keeps the others; the second has an id of its own.
        var waiting = Enumerable.Range(0, 20)
            .Select(i => pool.Submit("touch", [Trace($"waiting-{i}")], new TaskOptions { Id = i % 2 == 0 ? null : $"own-{i}-{directory.Name}" }))
            .ToList<TaskFuture>();
        await Eventually.IsTrue(() => host.Workers.QueuedTasks == Lanes, "the first of them wait at the host");
        await using var somebodyElse = await WorkerPool.ConnectAsync(host.Address, new WorkerPoolOptions { Name = "else" }, Token);
        var shared = somebodyElse.Submit("touch", [Trace("waiting-1")], new TaskOptions { Id = $"own-1-{directory.Name}" });
        var theirs = somebodyElse.Submit<int>("add", [1, 2]);
        await Eventually.IsTrue(() => host.Workers.QueuedTasks == Lanes + 1, "and what others have");

        var stop = pool.StopAsync(StopMode.CancelWaiting, Token);
        var alone = waiting.Where(static (_, i) => i != 1).ToList();
        await Task.WhenAll(alone.Select(static f => f.Settled)).WaitAsync(Eventually.Patience, Token);
        Assert.All(alone, static f => Assert.Equal(TaskState.Cancelled, f.State));
        Assert.All(running, static f => Assert.False(f.IsDone));
        Assert.Equal(2, host.Workers.QueuedTasks);
        Assert.False(stop.IsCompleted);

        await File.WriteAllTextAsync(Trace("there"), "", Token);
        await stop.WaitAsync(Eventually.Patience, Token);
        await Task.WhenAll(running.Select(static r => r.Completion)).WaitAsync(Eventually.Patience, Token);
        Assert.All(running, static f => Assert.Equal(TaskState.Succeeded, f.State));
        Assert.Equal(3, await theirs.Task.WaitAsync(Eventually.Patience, Token));

        // What somebody else wants done, too, is not taken from him.
        await shared.Completion.WaitAsync(Eventually.Patience, Token);
        Assert.Equal(TaskState.Succeeded, waiting[1].State);
        Assert.Equal(["waiting-1"], directory.EnumerateFiles("waiting-*").Select(static f => f.Name));
    }

    [Fact]
    public async Task What_was_given_back_may_be_submitted_again_and_is_given_back_again_to_who_has_not_heard_of_it()
    {
        var running = await BlockAsync("meet_deaf");
        using (var client = await RawClient.OpenAsync(host.Address, "takes-back"))
        {
            await client.SubmitAsync(1, 1, "add", "[1,2]");
            await client.SubmitAsync(2, 2, "add", "[2,2]");
            await client.SendAsync(new SessionRequest { Recall = { 1 } });
            Assert.Equal((1u, true), await GivenBackAsync(client));
            await client.SendAsync(new SessionRequest { Recall = { 2 } });
            Assert.Equal((2u, true), await GivenBackAsync(client));
            await client.SubmitAsync(3, 1, "add", "[1,2]");
            await Eventually.IsTrue(() => host.Workers.QueuedTasks == 1, "it has come");
            client.Cut();
        }

        using var again = await RawClient.OpenAsync(host.Address, "takes-back");
        await again.SubmitAsync(1, 2, "add", "[2,2]", again: true);
        Assert.Equal((1u, true), await GivenBackAsync(again));
        await again.SubmitAsync(2, 1, "add", "[1,2]", again: true, idempotent: true);
        await File.WriteAllTextAsync(Trace("there"), "", Token);
        Assert.Equal("3", (await again.OutcomeAsync()).Data.ToStringUtf8());
        await Task.WhenAll(running.Select(static r => r.Completion)).WaitAsync(Eventually.Patience, Token);

        // It has ended and cannot be taken back.
        await again.SendAsync(new SessionRequest { Recall = { 2 } });
        await again.SubmitAsync(3, 3, "add", "[3,3]");
        Assert.Equal((3u, "6"), await again.OutcomeAsync() is var last ? (last.Sequence, last.Data.ToStringUtf8()) : default);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private static async Task<(ulong Sequence, bool Recalled)> GivenBackAsync(RawClient client) => await client.OutcomeAsync() is var outcome ? (outcome.Sequence, outcome.Recalled) : default;

    /// <summary>A task in each worker, until a file is there; of a name of which nobody knows how long it takes, so nothing is sent behind it.</summary>
    private async Task<List<TaskFuture<int>>> BlockAsync(string task)
    {
        await Eventually.IsTrue(() => host.Workers.Lanes == Lanes, "the workers and the spare are connected");
        var running = Enumerable.Range(0, 2).Select(i => host.Client.Submit<int>(task, [Trace($"running-{i}"), Trace("there")])).ToList();
        await Eventually.IsTrue(() => File.Exists(Trace("running-0")) && File.Exists(Trace("running-1")), "both workers are at work");
        return running;
    }

    private string Trace(string name) => Path.Combine(directory.FullName, name);
}
