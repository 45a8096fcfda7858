using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Admin.Explanations;

/// <summary>Why is the host, or a pool of it, not ready? In sentences, the answer first.</summary>
internal static class ReadinessExplanation
{
    /// <param name="host">As it is.</param>
    /// <param name="pools">Which it is asked about.</param>
    /// <param name="leaving">Those that another configuration has put aside.</param>
    /// <param name="now">By the wall clock.</param>
    public static IEnumerable<string> Of(HostReadiness host, IReadOnlyList<HostedPool> pools, IReadOnlyList<HostedPool> leaving, DateTimeOffset now)
    {
        yield return $"The host is {(host.Ready ? "ready" : "not ready")}: {host.Reason}.";
        foreach (var hosted in pools)
        {
            var pool = PoolReadiness.Of(hosted);
            yield return $"Pool {pool.Pool} is {(pool.Ready ? "ready" : "not ready")}: {pool.Reason}{(pool.Reason.EndsWith('.') ? "" : ".")}";
            if (pool.Paused)
            {
                yield return $"Pool {pool.Pool} is paused: it accepts tasks and begins none until it is resumed.";
            }

            foreach (var worker in hosted.Pool.Workers.Where(static worker => worker.State != SlotState.Ready).Take(20))
            {
                yield return $"Worker {worker.Id}: {WorkerExplanation.StateOf(worker, now)}.";
            }
        }

        foreach (var hosted in leaving)
        {
            yield return $"A pool {hosted.Name} of an earlier configuration is leaving: {hosted.Pool.UnsettledTasks} tasks of it are still to end.";
        }
    }
}
