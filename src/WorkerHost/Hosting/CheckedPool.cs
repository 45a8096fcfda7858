using Microsoft.Extensions.DependencyInjection;

namespace WorkerHost.Hosting;

/// <summary>A pool that somebody wants to hear the health of. It may be added later than its check, or not at all.</summary>
internal sealed record CheckedPool(string Name)
{
    public static string Missing(string name, IServiceProvider services)
    {
        var there = string.Join(", ", services.GetServices<PoolRegistration>().Select(static pool => $"'{pool.Name}'"));
        return $"pool {name}: a health check was added for it, and no pool of that name; {(there.Length == 0 ? "there are none" : $"there are {there}")} (services.AddWorkerPool)";
    }
}
