using Microsoft.Extensions.DependencyInjection;

namespace WorkerHost.Worker;

/// <summary>
/// The services of a worker and behind them those of the host in whose process it runs: what the worker has not is asked of the host. Scopes
/// are opened in both. A service of one side does not get those of the other in its constructor.
/// </summary>
internal sealed class ServicesBesideHost(IServiceProvider worker, IServiceProvider host) : IKeyedServiceProvider, IServiceScopeFactory
{
    public object? GetService(Type serviceType) => serviceType == typeof(IServiceProvider) || serviceType == typeof(IServiceScopeFactory)
        ? this
        : worker.GetService(serviceType) ?? host.GetService(serviceType);

    public object? GetKeyedService(Type serviceType, object? serviceKey) =>
        (worker as IKeyedServiceProvider)?.GetKeyedService(serviceType, serviceKey) ?? (host as IKeyedServiceProvider)?.GetKeyedService(serviceType, serviceKey);

    public object GetRequiredKeyedService(Type serviceType, object? serviceKey) => GetKeyedService(serviceType, serviceKey)
        ?? throw new InvalidOperationException($"neither the worker nor its host has a service {serviceType} with the key {serviceKey}");

    public IServiceScope CreateScope() => new Scope(worker.CreateAsyncScope(), host.CreateAsyncScope());

    private sealed class Scope(AsyncServiceScope worker, AsyncServiceScope host) : IServiceScope, IAsyncDisposable
    {
        public IServiceProvider ServiceProvider { get; } = new ServicesBesideHost(worker.ServiceProvider, host.ServiceProvider);

        public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

        public async ValueTask DisposeAsync()
        {
            await worker.DisposeAsync().ConfigureAwait(false);
            await host.DisposeAsync().ConfigureAwait(false);
        }
    }
}
