using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Sidecar.Admin;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Sidecar.Tests.Admin;

namespace WorkerHost.Sidecar.Tests.Hosting;

/// <summary>Pools of a host that is told another configuration.</summary>
public sealed class PoolRosterTests : IAsyncLifetime
{
    private static readonly HostSettings Settings = new() { Pools = [new ConfiguredPool("images", TestWorker.Command, AdminHost.Options("images", 1))] };

    private readonly PoolRoster roster = new(Settings, NullLoggerFactory.Instance, TimeProvider.System);
    private readonly PoolEndpoints endpoints;

    public PoolRosterTests() => endpoints = new PoolEndpoints(roster.Pools, "host-1", TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync() => await roster.StopAsync(new CancellationToken(canceled: true));

    [Fact]
    public async Task How_long_a_stop_may_take_counts_from_when_it_is_told_also_for_pools_that_are_there()
    {
        var before = roster.LongestStop;
        var pool = roster.Pools.All[0];
        var result = await ApplyAsync(Settings with { DrainTimeout = TimeSpan.Zero });

        Assert.Equal(("drainTimeout", "images"), (Assert.Single(result.Applied), Assert.Single(result.Unchanged)));
        Assert.Same(pool, Assert.Single(roster.Pools.All));
        Assert.Equal(before - TimeSpan.FromSeconds(30), roster.LongestStop);
        var running = await RunningAsync(pool);
        await roster.StopAsync(CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await running);
    }

    [Fact]
    public async Task A_pool_that_was_replaced_is_seen_until_what_it_had_is_done()
    {
        var old = roster.Pools.All[0];
        var running = await RunningAsync(old);
        var changed = Settings.Pools[0] with { Options = Settings.Pools[0].Options with { Attempts = 7 } };
        Assert.Equal("images", Assert.Single((await ApplyAsync(Settings with { Pools = [changed] })).Replaced));

        var made = Assert.Single(roster.Pools.All);
        Assert.NotSame(old, made);
        Assert.Equal([made, old], roster.Pools.WithLeaving("images"));
        var status = AdminMessages.Of(old, isLeaving: true);
        Assert.Equal((true, false, "it is leaving: the configuration is another one now; 1 tasks are still to end"), (status.Leaving, status.Ready, status.Reason));
        var worker = WorkerReference.Find(roster.Pools, "images/0#1");
        Assert.Same(made, worker.Pool);

        Assert.Empty((await ApplyAsync(Settings with { Pools = [] })).Replaced);
        Assert.Same(old, WorkerReference.Find(roster.Pools, "images/0#1").Pool);
        running.Cancel();
        await Eventually.IsTrue(() => roster.Pools.Leaving.IsEmpty, "the pools that have left are gone");
    }

    [Fact]
    public async Task One_that_cannot_boot_takes_nobodys_place()
    {
        var old = roster.Pools.All[0];
        var broken = Settings.Pools[0] with { Command = WorkerCommand.Create("/bin/false"), Options = Settings.Pools[0].Options with { Supervision = new SupervisorOptions { Restart = new RestartOptions { Intensity = 1, MinBackoff = TimeSpan.FromMilliseconds(1) } } } };
        var result = await ApplyAsync(Settings with { Pools = [broken] });

        Assert.Contains("no worker got ready", Assert.Single(result.Failed), StringComparison.Ordinal);
        Assert.Same(old, Assert.Single(roster.Pools.All));
        Assert.Empty(roster.Pools.Leaving);
    }

    private Task<ReloadResult> ApplyAsync(HostSettings wanted) => roster.ApplyAsync(wanted, endpoints, TestContext.Current.CancellationToken);

    private static async Task<TaskFuture> RunningAsync(HostedPool pool)
    {
        var running = pool.Pool.Submit("sleep", [60_000]);
        await Eventually.IsTrue(() => running.State == TaskState.Running, "the task runs");
        return running;
    }
}
