using System.Collections.Concurrent;
using Grpc.Core;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What stands behind each pool's name on the data plane. Thread-safe.</summary>
/// <param name="pools">The pools there are.</param>
/// <param name="hostInstance">Another one with every start of the host.</param>
/// <param name="abandonedAfter">How long a task goes on whose client is gone.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For what is wrong with sessions.</param>
/// <param name="data">For what is kept of requests that are still being read; null: the defaults.</param>
internal sealed class PoolEndpoints(HostedPools pools, string hostInstance, TimeSpan abandonedAfter, TimeProvider time, ILogger logger, DataSettings? data = null)
{
    private static readonly DataSettings Defaults = new();

    private readonly ConcurrentDictionary<HostedPool, PoolCore> cores = new(ReferenceEqualityComparer.Instance);

    public HostedPools Pools => pools;

    /// <summary>Of everything that is read for any of them.</summary>
    public BufferBudget Budget { get; } = new((data ?? Defaults).MaxBufferedBytes, (data ?? Defaults).MaxConnections, time, logger);

    /// <summary>The endpoint of a pool.</summary>
    public EndpointCore Of(HostedPool hosted)
    {
        var core = cores.GetOrAdd(hosted, static (added, self) => self.New(added), this);
        if (!pools.All.Contains(hosted))
        {
            // It has left since it was found.
            Leave(hosted);
        }

        return core;
    }

    /// <summary>The endpoint of the pool that a request names; empty: of the only one.</summary>
    /// <exception cref="RpcException">NOT_FOUND: no such pool. INVALID_ARGUMENT: which of several is not said. The message names them.</exception>
    public EndpointCore Named(string pool)
    {
        try
        {
            return Of(pools.Find(pool));
        }
        catch (NoSuchPoolException e)
        {
            throw new RpcException(e.Status);
        }
    }

    /// <summary>Nothing new is taken; what was accepted is answered.</summary>
    public void Drain()
    {
        foreach (var hosted in pools.All)
        {
            Of(hosted).Drain();
        }
    }

    /// <summary>The pool is no more: its clients are told to leave, and what was accepted is answered.</summary>
    public void Leave(HostedPool pool)
    {
        if (cores.TryRemove(pool, out var core))
        {
            core.Drain();
        }
    }

    /// <summary>Done after <see cref="Drain"/> when every session and call has ended.</summary>
    public Task Empty => Task.WhenAll(cores.Values.Select(static core => core.Empty));

    private PoolCore New(HostedPool hosted)
    {
        hosted.Pool.TellTogether();
        return new PoolCore(hosted, hostInstance, abandonedAfter, Budget, time, logger);
    }
}
