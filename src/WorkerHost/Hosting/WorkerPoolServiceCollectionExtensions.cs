using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using WorkerHost;
using WorkerHost.Hosting;

// Where IServiceCollection is: whoever has one finds it without another using.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Worker pools in the services of a host.</summary>
public static class WorkerPoolServiceCollectionExtensions
{
    /// <summary>The name of the pool that has none.</summary>
    internal const string DefaultName = "default";

    /// <summary>
    /// Adds the pool that services take as <see cref="WorkerPool"/> without a key. Its name is <c>default</c>.
    /// </summary>
    /// <inheritdoc cref="AddWorkerPool(IServiceCollection, string)"/>
    public static WorkerPoolBuilder AddWorkerPool(this IServiceCollection services)
    {
        var builder = AddWorkerPool(services, DefaultName);
        services.TryAddSingleton(static provider => provider.GetRequiredKeyedService<WorkerPool>(DefaultName));
        return builder;
    }

    /// <summary>
    /// Adds a pool that services take as <c>[FromKeyedServices("images")] WorkerPool images</c>: a singleton, whose workers are
    /// started when the host starts or when the first service asks for it, and stopped after all services of the host. It takes
    /// tasks at once; they wait in its queue until a worker is ready. A worker that cannot boot does not fail the host: its
    /// tasks fail, the health check says why, and the supervisor goes on trying.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The pool's name: 1 to 64 ASCII letters, digits, '-', '_' and '.'.</param>
    /// <returns>To say what the pool is like; without a word it has the defaults and this very program as its workers.</returns>
    /// <exception cref="ArgumentException">A pool of that name is there already.</exception>
    public static WorkerPoolBuilder AddWorkerPool(this IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (services.Any(s => s.ImplementationInstance is PoolRegistration other && other.Name == name))
        {
            throw new ArgumentException($"a worker pool named '{name}' was added already", nameof(name));
        }

        var registration = new PoolRegistration(name);
        services.AddSingleton(registration);
        services.AddKeyedSingleton(name, (provider, _) => registration.Find(provider));
        services.AddKeyedSingleton(name, (provider, _) => registration.Create(provider));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PoolLifetime>());
        return new WorkerPoolBuilder(services, registration);
    }
}
