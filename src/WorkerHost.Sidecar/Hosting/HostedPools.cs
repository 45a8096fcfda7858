using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// The pools of the host: an immutable list in the order of their names, swapped whole, and those that are on their way out. Whoever reads it sees
/// one list or the next, never half of each. Thread-safe.
/// </summary>
internal sealed class HostedPools(IEnumerable<HostedPool> pools)
{
    private readonly Lock gate = new();
    private Snapshot current = new(pools, []);

    /// <summary>As they are now, by name.</summary>
    public ImmutableArray<HostedPool> All => Volatile.Read(ref current).Pools;

    /// <summary>Those that are in the list no more and still finish what they have. Some may have the name of one that is there, or of another that leaves.</summary>
    public ImmutableArray<HostedPool> Leaving => Volatile.Read(ref current).Leaving;

    /// <summary>Done when one of the lists is another one; read it before <see cref="All"/>, and no change is missed.</summary>
    public Task Changed => Volatile.Read(ref current).Replaced.Task;

    /// <summary>Puts another list in the place of this one. The pools themselves are left as they are.</summary>
    /// <param name="pools">All that there are to be.</param>
    /// <param name="leaves">One that is not among them and goes on until <see cref="Gone"/>; null: none.</param>
    /// <exception cref="ArgumentException">Two have the same name; nothing was changed.</exception>
    public void Replace(IEnumerable<HostedPool> pools, HostedPool? leaves = null) => Swap(before => new Snapshot(pools, leaves is null ? before.Leaving : before.Leaving.Add(leaves)));

    /// <summary>One that was leaving has stopped.</summary>
    public void Gone(HostedPool pool) => Swap(before => new Snapshot(before.Pools, before.Leaving.Remove(pool)));

    /// <summary>All of that name, or all, those that leave behind the others.</summary>
    /// <param name="name">Empty: whatever their names are.</param>
    /// <exception cref="NoSuchPoolException">There is none of that name.</exception>
    public IReadOnlyList<HostedPool> WithLeaving(string name)
    {
        var (now, leaving) = Volatile.Read(ref current);
        HostedPool[] named = [.. now.Concat(leaving).Where(pool => name.Length == 0 || string.Equals(pool.Name, name, StringComparison.Ordinal))];
        return named.Length == 0 && name.Length > 0 ? [Find(name)] : named;
    }

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

    private void Swap(Func<Snapshot, Snapshot> next)
    {
        Snapshot before;
        lock (gate)
        {
            before = current;
            Volatile.Write(ref current, next(before));
        }

        before.Replaced.TrySetResult();
    }

    private sealed class Snapshot
    {
        public Snapshot(IEnumerable<HostedPool> pools, ImmutableArray<HostedPool> leaving)
        {
            Leaving = leaving;
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

        public ImmutableArray<HostedPool> Leaving { get; }

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Deconstruct(out ImmutableArray<HostedPool> pools, out ImmutableArray<HostedPool> leaving) => (pools, leaving) = (Pools, Leaving);
    }
}
