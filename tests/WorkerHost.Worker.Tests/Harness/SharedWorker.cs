namespace WorkerHost.Worker.Tests;

/// <summary>One worker for a class of tests that leave it alive.</summary>
public sealed class SharedWorker : IAsyncLifetime
{
    private WorkerUnderTest? worker;

    internal WorkerUnderTest Worker => worker!;

    public async ValueTask InitializeAsync() => worker = await WorkerUnderTest.StartAsync(static launch => launch with { Concurrency = 2 });

    public ValueTask DisposeAsync() => worker!.DisposeAsync();
}
