using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Grpc.Core;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>Which pool a call without a pool's name is for: the one whose workers say that they have the method. Thread-safe.</summary>
internal sealed class MethodRoutes(HostedPools pools)
{
    private const int MaxNamesListed = 20;

    // By the list that a worker gave, which is never changed: another worker gives another one.
    private static readonly ConditionalWeakTable<IReadOnlyList<TaskDescription>, FrozenDictionary<string, TaskDescription>> ByName = [];

    /// <summary>What the workers of a pool say of a task; null: they do not have it, or none of them has said anything yet.</summary>
    public static TaskDescription? DescriptionOf(HostedPool hosted, string task) =>
        hosted.Pool.Described is { Count: > 0 } described ? ByName.GetValue(described, Sorted).GetValueOrDefault(task) : null;

    /// <summary>False as well where the method is unknown, or it is not clear which pool is meant.</summary>
    public bool IsStreaming(string method, string pool)
    {
        foreach (var hosted in pools.All)
        {
            if ((pool.Length == 0 || hosted.Name == pool) && DescriptionOf(hosted, method) is { Streaming: true })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The pool that a call means.</summary>
    /// <param name="method">As in its path.</param>
    /// <param name="pool">What the call says; empty: nothing.</param>
    /// <exception cref="RpcException">
    /// NOT_FOUND: there is no such pool. INVALID_ARGUMENT: several have the method. UNIMPLEMENTED: none has; UNAVAILABLE: none is known to, but some have not said yet.
    /// </exception>
    public HostedPool Find(string method, string pool)
    {
        var all = pools.All;
        if (pool.Length > 0 || all.Length <= 1)
        {
            try
            {
                return pools.Find(pool);
            }
            catch (NoSuchPoolException e)
            {
                throw new RpcException(e.Status);
            }
        }

        var able = all.Where(hosted => DescriptionOf(hosted, method) is not null).ToList();
        if (able.Count == 1)
        {
            return able[0];
        }

        if (able.Count > 1)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"several pools have {Shown(method)}: {Names(able)}; say which one is meant in the metadata {CallWords.Pool}"));
        }

        var silent = all.Where(static hosted => hosted.Pool.Described.Count == 0).ToList();
        throw new RpcException(silent.Count > 0
            ? new Status(
                StatusCode.Unavailable,
                $"no pool is known to have {Shown(method)}, and no worker of {Names(silent)} has said yet what it has; try again, or name the pool in the metadata {CallWords.Pool}")
            : new Status(StatusCode.Unimplemented, $"none of the pools {Names(all)} has {Shown(method)}; there {Methods(all)}"));
    }

    private static string Methods(IEnumerable<HostedPool> all)
    {
        var methods = all.SelectMany(static hosted => hosted.Pool.Described).Select(static task => task.Name).Where(static name => name.StartsWith('/')).Distinct().Order(StringComparer.Ordinal).ToList();
        return methods.Count switch
        {
            0 => "are no gRPC methods: a worker has them after worker.MapGrpcService<…>()",
            <= MaxNamesListed => $"are {string.Join(", ", methods)}",
            _ => $"are {string.Join(", ", methods.Take(MaxNamesListed))} and {methods.Count - MaxNamesListed} more",
        };
    }

    private static FrozenDictionary<string, TaskDescription> Sorted(IReadOnlyList<TaskDescription> described) =>
        described.DistinctBy(static task => task.Name).ToFrozenDictionary(static task => task.Name, StringComparer.Ordinal);

    private static string Shown(string method) => BoundedText.Cut(method, 200);

    private static string Names(IEnumerable<HostedPool> some) => string.Join(", ", some.Select(static hosted => hosted.Name));
}
