using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace WorkerHost.Hosting;

/// <summary>
/// Ties the pools to the host: settings that cannot be used fail its start, all of them at once; the workers come up while it
/// starts and nobody waits for them; and they are stopped after everything that may still need them (a server's last requests,
/// other services), which all have their say in StopAsync.
/// </summary>
internal sealed class PoolLifetime(IServiceProvider services, IEnumerable<PoolRegistration> registrations, IEnumerable<CheckedPool> checks) : IHostedLifecycleService
{
    private readonly List<WorkerPool> pools = [];

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        string[] wrong =
        [
            .. registrations.SelectMany(r => r.Told(services.GetRequiredKeyedService<FoundSettings>(r.Name).Errors)),
            .. checks.Where(c => registrations.All(r => r.Name != c.Name)).Select(c => CheckedPool.Missing(c.Name, services)),
        ];
        if (wrong.Length > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(EmbeddedPoolOptions), wrong);
        }

        foreach (var registration in registrations)
        {
            pools.Add(services.GetRequiredKeyedService<WorkerPool>(registration.Name));
        }

        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(pools.Select(pool => pool.StopAsync(cancellationToken: cancellationToken)));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
