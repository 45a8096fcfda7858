using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WorkerHost.Hosting;

/// <summary>Whether a pool's workers take tasks. It asks the supervisor's picture, never a worker, and so never waits.</summary>
internal sealed class WorkerPoolHealthCheck(WorkerPool pool) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (pool.Source is not IWorkersView view)
        {
            throw new InvalidOperationException($"pool {pool.Name} is one over addresses, and the health of the workers there is somebody else's affair");
        }

        var readiness = view.Readiness;
        var workers = view.Workers;
        var counts = SupervisorCounts.Of(workers);
        var looping = workers.Where(static w => w.State == SlotState.CrashLooping).ToList();
        var data = new Dictionary<string, object>
        {
            ["busy"] = counts.Busy,
            ["idle"] = counts.Idle,
            ["starting"] = counts.Starting,
            ["draining"] = counts.Draining,
            ["spare"] = counts.Spare,
            ["backing_off"] = counts.BackingOff,
            ["crash_looping"] = counts.CrashLooping,
            ["queued_tasks"] = pool.QueuedTasks,
        };
        return Task.FromResult(
            !readiness.IsReady ? new HealthCheckResult(context.Registration.FailureStatus, readiness.Reason, data: data)
            : looping.Count > 0 ? HealthCheckResult.Degraded($"{readiness.Reason}; in a crash loop: {string.Join(", ", looping.Select(static w => $"{w.Id}, {w.LastDeath}"))}", data: data)
            : HealthCheckResult.Healthy(readiness.Reason, data));
    }
}
