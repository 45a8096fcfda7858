using Microsoft.Extensions.Diagnostics.HealthChecks;
using WorkerHost;
using WorkerHost.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Worker pools in the health of a host.</summary>
public static class WorkerPoolHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of a pool that was added with <c>AddWorkerPool</c>: healthy while enough workers take tasks
    /// (<see cref="SupervisorOptions.ReadyAtLeast"/>), degraded when some of its workers are in a crash loop, and unhealthy, with the
    /// reason and the last death, when too few are ready. That is readiness, not liveness: a host whose workers cannot boot
    /// should not be killed for it, so keep the check out of a liveness probe; its tags are <c>ready</c> and <c>workerhost</c>.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="pool">The pool's name. Default: the pool that has none. One that nobody adds fails the start of the host.</param>
    /// <param name="failureStatus">What is told when too few are ready. Default (null): unhealthy.</param>
    /// <param name="tags">Instead of the two.</param>
    /// <returns>The same builder.</returns>
    public static IHealthChecksBuilder AddWorkerPool(
        this IHealthChecksBuilder builder, string pool = WorkerPoolServiceCollectionExtensions.DefaultName, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(pool);
        builder.Services.AddSingleton(new CheckedPool(pool));
        return builder.Add(new HealthCheckRegistration(
            $"workerhost-{pool}",
            services => new WorkerPoolHealthCheck(services.GetKeyedService<WorkerPool>(pool) ?? throw new InvalidOperationException(CheckedPool.Missing(pool, services))),
            failureStatus,
            tags ?? ["ready", "workerhost"]));
    }
}
