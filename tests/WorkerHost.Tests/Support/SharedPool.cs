namespace WorkerHost.Tests;

/// <summary>One pool for a class of tests that leave its workers alive.</summary>
public sealed class SharedPool : IAsyncLifetime
{
    public WorkerPool Pool { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Pool = await TestPool.StartAsync(TestPool.Options(workers: 2));

    public ValueTask DisposeAsync() => Pool.DisposeAsync();
}
