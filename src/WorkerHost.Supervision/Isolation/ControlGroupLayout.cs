namespace WorkerHost.Supervision;

/// <summary>
/// Where this process stands in the hierarchies of control groups, as directories: version 2 has one hierarchy for
/// everything, version 1 one per controller, and a machine may have both. Null: not mounted here.
/// </summary>
internal sealed record ControlGroupLayout(string? Unified, string? Memory, string? Cpu)
{
    public static ControlGroupLayout None { get; } = new(null, null, null);

    public static ControlGroupLayout Probe()
    {
        try
        {
            return Parse(File.ReadAllLines("/proc/self/cgroup"), File.ReadAllLines("/proc/self/mountinfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None;
        }
    }

    /// <param name="memberships">Lines of <c>hierarchy:controllers:path</c>; version 2 is <c>0::path</c>.</param>
    /// <param name="mounts">Lines of mountinfo: … root (3), mount point (4) … - type, source, options.</param>
    public static ControlGroupLayout Parse(IReadOnlyList<string> memberships, IReadOnlyList<string> mounts)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var mount in mounts.Select(m => m.Split(" - ")).Where(m => m.Length == 2))
        {
            var place = mount[0].Split(' ');
            var kind = mount[1].Split(' ');
            var controllers = kind switch
            {
                ["cgroup2", ..] => [""],
                ["cgroup", _, var options, ..] => options.Split(','),
                _ => [],
            };
            foreach (var controller in controllers)
            {
                if (place.Length > 4 && Membership(memberships, controller) is { } path && Below(place[4], place[3], path) is { } directory)
                {
                    found.TryAdd(controller, directory);
                }
            }
        }

        return new ControlGroupLayout(found.GetValueOrDefault(""), found.GetValueOrDefault("memory"), found.GetValueOrDefault("cpu"));
    }

    private static string? Membership(IReadOnlyList<string> memberships, string controller) => memberships
        .Select(m => m.Split(':', 3))
        .FirstOrDefault(m => m.Length == 3 && (controller.Length == 0 ? m[0] == "0" : m[1].Split(',').Contains(controller)))?[2];

    /// <summary>A container sees only a part of the hierarchy, from its root on. Null: we stand outside of that part.</summary>
    private static string? Below(string mountPoint, string root, string path)
    {
        var inside = root == "/" ? path : path == root ? "/" : path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..] : null;

        // The warden's lines are split at spaces, and mountinfo escapes them by a backslash: nobody has such paths.
        return inside is null || (mountPoint + inside).AsSpan().IndexOfAny(" \t\\'") >= 0 ? null : (mountPoint + inside).TrimEnd('/');
    }
}
