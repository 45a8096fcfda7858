using System.Collections.Immutable;
using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>
/// Where the control groups of a pool's workers are made, and what is set in each: directly below the host's own group, in
/// version 2 where it has what is wanted, otherwise in version 1.
/// </summary>
internal sealed class ControlGroups
{
    private const int Period = 100_000;

    private readonly ImmutableArray<Place> places;

    private ControlGroups(ImmutableArray<Place> places) => this.places = places;

    /// <param name="options">What is wanted.</param>
    /// <param name="layout">What there is.</param>
    /// <param name="cannot">Hears which option cannot be had, and why.</param>
    /// <returns>Null when there is nothing to be made.</returns>
    public static ControlGroups? For(IsolationOptions options, ControlGroupLayout layout, Action<string, string> cannot)
    {
        var places = new List<Place>();
        var controllers = layout.Unified is null ? [] : ControlGroupFile.Words($"{layout.Unified}/cgroup.controllers");
        if (options.MemoryLimitBytes is { } bytes)
        {
            var limit = bytes.ToString(CultureInfo.InvariantCulture);
            Add(nameof(options.MemoryLimitBytes), "memory", layout.Memory, [new("memory.max", limit), new("memory.swap.max", "0", IfThere: true)], [new("memory.limit_in_bytes", limit), new("memory.memsw.limit_in_bytes", limit, IfThere: true)]);
        }

        if (options.CpuLimit is { } processors)
        {
            var quota = Math.Max(1000, (long)(processors * Period)).ToString(CultureInfo.InvariantCulture);
            Add(nameof(options.CpuLimit), "cpu", layout.Cpu, [new("cpu.max", $"{quota} {Period}")], [new("cpu.cfs_period_us", $"{Period}"), new("cpu.cfs_quota_us", quota)]);
        }

        if (options.ContainDescendants == true && places.Find(p => p.IsUnified) is { } limited && Trial(limited, mustKill: true) is { } cannotKill)
        {
            cannot(nameof(options.ContainDescendants), cannotKill);
        }

        if (options.ContainDescendants != false && !places.Exists(p => p.IsUnified))
        {
            var problem = layout.Unified is null ? "no control groups of version 2 are mounted" : Trial(new Place(layout.Unified, true, null, []), mustKill: true);
            if (problem is null)
            {
                places.Insert(0, new Place(layout.Unified!, true, null, []));
            }
            else if (options.ContainDescendants == true)
            {
                cannot(nameof(options.ContainDescendants), problem);
            }
        }

        return places.Count == 0 ? null : new ControlGroups([.. places]);

        void Add(string option, string controller, string? version1, ImmutableArray<Setting> settings2, ImmutableArray<Setting> settings1)
        {
            var place = controllers.Contains(controller) ? new Place(layout.Unified!, true, controller, settings2)
                : version1 is not null ? new Place(version1, false, controller, settings1)
                : null;
            var problem = place is null ? $"there are no control groups for {controller} here" : Trial(place, mustKill: false);
            if (problem is not null)
            {
                cannot(option, problem);
            }
            else if (places.FindIndex(p => p.Parent == place!.Parent) is >= 0 and var same)
            {
                places[same] = places[same] with { Settings = [.. places[same].Settings, .. place!.Settings] };
            }
            else
            {
                places.Add(place!);
            }
        }
    }

    /// <exception cref="IOException">It could not be made.</exception>
    public ControlGroup Make() => Make(places, ControlGroupName.Make());

    /// <summary>Ends and removes what hosts that are gone have left beside ours.</summary>
    /// <returns>What was removed.</returns>
    public IEnumerable<string> Sweep()
    {
        foreach (var place in places)
        {
            foreach (var path in Left(place.Parent))
            {
                var group = new ControlGroup([path]);
                group.Kill();
                if (group.TryRemove())
                {
                    yield return path;
                }
            }
        }
    }

    private static string[] Left(string parent)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(parent, ControlGroupName.Pattern).Where(d => ControlGroupName.IsAbandoned(Path.GetFileName(d)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Makes one and removes it: the only sure way to know.</summary>
    private static string? Trial(Place place, bool mustKill)
    {
        try
        {
            if (place is { IsUnified: true, Controller: { } controller }
                && !ControlGroupFile.Words($"{place.Parent}/cgroup.subtree_control").Contains(controller)
                && !ControlGroupFile.TryWrite($"{place.Parent}/cgroup.subtree_control", $"+{controller}"))
            {
                return $"the host's control group {place.Parent} does not let {controller} be limited below it; it must be writable and, unless it is the root, hold no process itself (systemd: Delegate=yes, and the host in a group of its own below by DelegateSubgroup=)";
            }

            var group = Make([place], ControlGroupName.Make());
            try
            {
                return mustKill && !File.Exists($"{group.Paths[0]}/cgroup.kill") ? "the kernel is older than 5.14 and has no cgroup.kill" : null;
            }
            finally
            {
                group.TryRemove();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"no control group can be made in {place.Parent}: {e.Message}";
        }
    }

    private static ControlGroup Make(ImmutableArray<Place> places, string name)
    {
        ImmutableArray<string> paths = [.. places.Select(p => $"{p.Parent}/{name}")];
        try
        {
            foreach (var (place, path) in places.Zip(paths))
            {
                Directory.CreateDirectory(path);
                foreach (var setting in place.Settings.Where(s => !s.IfThere || File.Exists($"{path}/{s.File}")))
                {
                    ControlGroupFile.Write($"{path}/{setting.File}", setting.Value);
                }
            }

            return new ControlGroup(paths);
        }
        catch
        {
            new ControlGroup(paths).TryRemove();
            throw;
        }
    }

    /// <summary>One hierarchy.</summary>
    private sealed record Place(string Parent, bool IsUnified, string? Controller, ImmutableArray<Setting> Settings);

    /// <param name="File">Its file.</param>
    /// <param name="Value">What is written there.</param>
    /// <param name="IfThere">A kernel may do without: one that accounts for no swap has no file to limit it by.</param>
    private readonly record struct Setting(string File, string Value, bool IfThere = false);
}
