namespace WorkerHost.Sidecar.Hosting;

/// <summary>For a web server within a program that ends by its own rules: without it the framework's would take the signals, and stop the listeners at the first.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
