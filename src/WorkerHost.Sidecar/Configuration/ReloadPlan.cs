using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>A pool whose configuration has changed, and in what.</summary>
/// <param name="Pool">As it is to be.</param>
/// <param name="Changed">The paths of the settings that are others than before.</param>
internal sealed record ChangedPool(ConfiguredPool Pool, ImmutableArray<string> Changed);

/// <summary>
/// What a host has to do so that it is as another configuration says. Nothing is done to a pool that
/// is the same in both.
/// </summary>
internal sealed record ReloadPlan
{
    /// <summary>Pools that are new.</summary>
    public required ImmutableArray<ConfiguredPool> Added { get; init; }

    /// <summary>Names of pools that are no more.</summary>
    public required ImmutableArray<string> Removed { get; init; }

    /// <summary>Pools of which only the number of workers is another: the workers that are there stay.</summary>
    public required ImmutableArray<ConfiguredPool> Scaled { get; init; }

    /// <summary>Pools of which anything else has changed: another pool takes the place of the old one, which finishes what it has.</summary>
    public required ImmutableArray<ChangedPool> Replaced { get; init; }

    /// <summary>Names of pools that are as they were.</summary>
    public required ImmutableArray<string> Unchanged { get; init; }

    /// <summary>Paths of settings that are of no pool, have changed and count from when the new ones are taken.</summary>
    public required ImmutableArray<string> Applied { get; init; }

    /// <summary>
    /// Paths of settings that have changed and count only after a restart of the host: listeners, log and telemetry; and of each pool that would take
    /// larger messages than any did at the start, because what the data plane takes is fixed there.
    /// </summary>
    public required ImmutableArray<string> NeedRestart { get; init; }

    /// <summary>Nothing has changed that a reload could do; see <see cref="NeedRestart"/> for what else.</summary>
    public bool IsEmpty => Added.IsEmpty && Removed.IsEmpty && Scaled.IsEmpty && Replaced.IsEmpty && Applied.IsEmpty;

    /// <summary>From the settings that a host runs with to others, which were found to be without an error. Whatever differs is in one of the lists.</summary>
    /// <param name="running">Those it runs with.</param>
    /// <param name="wanted">The others.</param>
    /// <param name="largestMessage">What its data plane takes, in bytes.</param>
    public static ReloadPlan Between(HostSettings running, HostSettings wanted, int largestMessage)
    {
        var needRestart = Differences(Fixed(running), Fixed(wanted));
        var before = running.Pools.ToDictionary(static pool => pool.Name, StringComparer.Ordinal);
        var changed = wanted.Pools
            .Where(pool => before.ContainsKey(pool.Name))
            .Select(pool => new ChangedPool(pool, Differences(EffectiveSetting.Of(before[pool.Name]), EffectiveSetting.Of(pool))))
            .ToArray();
        var ways = changed
            .Where(static pool => pool.Changed.Length > 0)
            .ToLookup(static pool => pool.Changed is [var only] && only == SettingsCatalog.Join([SettingsCatalog.Pools, pool.Pool.Name, "workers"]));
        return new ReloadPlan
        {
            Added = [.. wanted.Pools.Where(pool => !before.ContainsKey(pool.Name))],
            Removed = [.. running.Pools.Select(static pool => pool.Name).Except(wanted.Pools.Select(static pool => pool.Name), StringComparer.Ordinal)],
            Scaled = [.. ways[true].Select(static pool => pool.Pool)],
            Replaced = [.. ways[false]],
            Unchanged = [.. changed.Where(static pool => pool.Changed.IsEmpty).Select(static pool => pool.Pool.Name)],
            Applied = [.. Differences(OfHost(running), OfHost(wanted)).Except(needRestart)],
            NeedRestart =
            [
                .. needRestart,
                .. wanted.Pools.Where(pool => pool.Options.MaxMessageBytes > largestMessage)
                    .Select(static pool => SettingsCatalog.Join([SettingsCatalog.Pools, pool.Name, SettingsCatalog.Spelled(nameof(WorkerPoolOptions.MaxMessageBytes))])),
            ],
        };
    }

    private static IEnumerable<EffectiveSetting> OfHost(HostSettings settings) => EffectiveSetting.Of(settings with { Pools = [] });

    private static IEnumerable<EffectiveSetting> Fixed(HostSettings settings) => OfHost(settings with { DrainTimeout = null });

    private static ImmutableArray<string> Differences(IEnumerable<EffectiveSetting> before, IEnumerable<EffectiveSetting> after)
    {
        var old = before.ToDictionary(static setting => setting.Path, StringComparer.Ordinal);
        var now = after.ToDictionary(static setting => setting.Path, StringComparer.Ordinal);
        return
        [
            .. old.Keys.Union(now.Keys, StringComparer.Ordinal)
                .Where(path => !(old.TryGetValue(path, out var one) && now.TryGetValue(path, out var other) && one.IsSame(other)))
                .Order(StringComparer.Ordinal),
        ];
    }
}
