namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>A host of one pool of two workers, shared by tests that leave it as they found it.</summary>
public sealed class AdminFixture : IAsyncLifetime
{
    private AdminHost? host;

    internal AdminHost Host => host!;

    internal WorkerPool Pool => host!.Pools.All[0].Pool;

    public async ValueTask InitializeAsync()
    {
        var pool = await WorkerPool.StartAsync(TestWorker.Command, AdminHost.Options("images", 2));
        host = await AdminHost.StartAsync([pool]);
        await SettledAsync();
    }

    /// <summary>Both workers take tasks.</summary>
    public Task SettledAsync() => Eventually.IsTrue(
        () => Pool.Workers.Count(static w => w.State == SlotState.Ready) == 2 && Pool.Workers.Count == 2 && Pool.Endpoints.Count(static e => e.TakesTasks) == 2,
        "two workers take tasks");

    public ValueTask DisposeAsync() => host!.DisposeAsync();
}
