using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// The pools of the host: an immutable list in the order of their names, swapped whole. Whoever reads it sees one list or the
/// next, never half of each. Thread-safe.
/// </summary>
internal sealed class HostedPools(IEnumerable<HostedPool> pools)
{
    private Snapshot current = new(pools);

    /// <summary>As they are now, by name.</summary>
    public ImmutableArray<HostedPool> All => Volatile.Read(ref current).Pools;

    /// <summary>Done when the list is another one; read it before <see cref="All"/>, and no change is missed.</summary>
    public Task Changed => Volatile.Read(ref current).Replaced.Task;

    /// <summary>Puts another list in the place of this one. The pools themselves are left as they are.</summary>
    /// <exception cref="ArgumentException">Two have the same name; nothing was changed.</exception>
    public void Replace(IEnumerable<HostedPool> pools) =>
        Interlocked.Exchange(ref current, new Snapshot(pools)).Replaced.TrySetResult();

    /// <summary>The pool that a request means.</summary>
    /// <param name="name">Empty: the only one.</param>
    /// <exception cref="NoSuchPoolException">There is none of that name, or the name is missing where there are several.</exception>
    public HostedPool Find(string name)
    {
        var pools = All;
        if (name.Length == 0)
        {
            return pools.Length == 1 ? pools[0] : throw NoSuchPoolException.Unnamed(pools);
        }

        foreach (var pool in pools)
        {
            if (string.Equals(pool.Name, name, StringComparison.Ordinal))
            {
                return pool;
            }
        }

        throw NoSuchPoolException.Unknown(name, pools);
    }

    private sealed class Snapshot
    {
        public Snapshot(IEnumerable<HostedPool> pools)
        {
            Pools = [.. pools.OrderBy(static pool => pool.Name, StringComparer.Ordinal)];
            for (var i = 1; i < Pools.Length; i++)
            {
                if (Pools[i].Name == Pools[i - 1].Name)
                {
                    throw new ArgumentException($"two pools have the name {Pools[i].Name}", nameof(pools));
                }
            }
        }

        public ImmutableArray<HostedPool> Pools { get; }

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
