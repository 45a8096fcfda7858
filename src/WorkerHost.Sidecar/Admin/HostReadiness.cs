using System.Collections.Immutable;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Admin;

/// <summary>Whether the host is ready: all its pools are, and it is not stopping. Its fields are what <c>/readyz</c> writes. Immutable.</summary>
/// <param name="Ready">It is.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Pools">By name.</param>
internal sealed record HostReadiness(bool Ready, string Reason, ImmutableArray<PoolReadiness> Pools)
{
    public static HostReadiness Of(ImmutableArray<HostedPool> pools, string? stoppingBecause)
    {
        var each = pools.Select(PoolReadiness.Of).ToImmutableArray();
        var missing = each.Where(static pool => !pool.Ready).Select(static pool => pool.Pool).ToList();
        return stoppingBecause is not null ? new HostReadiness(false, stoppingBecause, each)
            : each.IsEmpty ? new HostReadiness(false, "the host has no pools", each)
            : missing.Count > 0 ? new HostReadiness(false, $"{missing.Count} of {each.Length} pools are not ready: {string.Join(", ", missing)}", each)
            : new HostReadiness(true, each.Length == 1 ? "its pool is ready" : $"all {each.Length} pools are ready", each);
    }
}

/// <summary>Whether enough workers of one pool take tasks. Immutable.</summary>
/// <param name="Pool">Its name.</param>
/// <param name="Ready">Enough do.</param>
/// <param name="Paused">It accepts tasks and begins none; that is somebody's wish and leaves it ready.</param>
/// <param name="Serving">How many do.</param>
/// <param name="Needed">How many must.</param>
/// <param name="Wanted">How many there are to be.</param>
/// <param name="Reason">The same in words.</param>
internal sealed record PoolReadiness(string Pool, bool Ready, bool Paused, int Serving, int Needed, int Wanted, string Reason)
{
    public static PoolReadiness Of(HostedPool hosted)
    {
        var (name, pool) = hosted;
        if (pool.Source is not IWorkersView view)
        {
            return new PoolReadiness(name, true, pool.IsPaused, 0, 0, 0, "its workers are somebody else's");
        }

        var readiness = view.Readiness;
        var wanted = (pool.Source as Supervisor)?.WorkersWanted ?? readiness.Needed;
        return new PoolReadiness(name, readiness.IsReady, pool.IsPaused, readiness.Serving, readiness.Needed, wanted, readiness.Reason);
    }
}
