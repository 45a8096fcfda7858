namespace WorkerHost.Supervision;

/// <summary>
/// Directories of supervisors whose process was killed before it could delete them. Only what provably is one is touched:
/// a real directory of our own user, writable by nobody else, made by a supervisor on this kernel, and not locked by a living one.
/// </summary>
internal static class AbandonedDirectories
{
    /// <summary>A start must not have to clean up for minutes what a thousand others have left; the next one goes on.</summary>
    public const int MostPerSweep = 100;

    /// <summary>Two entries or a few more per worker, and workers are at most ten thousand.</summary>
    private const int MostEntries = 100_000;

    /// <returns>Those that were deleted.</returns>
    public static IReadOnlyList<string> Sweep(string parent)
    {
        var swept = new List<string>();
        try
        {
            foreach (var path in Directory.EnumerateDirectories(parent, PrivateDirectory.NamePattern))
            {
                if (swept.Count == MostPerSweep)
                {
                    break;
                }

                if (TryDelete(path))
                {
                    swept.Add(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It cannot be listed: then nobody is asked to sweep here.
        }

        return swept;
    }

    private static bool TryDelete(string path)
    {
        try
        {
            // The mark is looked for before the lock: otherwise this lock could be in the way of an owner who is just taking its own.
            using var directory = HeldDirectory.TryOpen(path);
            if (directory is null || directory.Owner != Libc.geteuid() || directory.IsOpenToOthers || !OwnerMark.IsOn(directory) || !directory.TryLock())
            {
                return false;
            }

            // Where a supervisor makes its directory, by default, its runtime has made what it leaves when it is killed.
            if (OwnerMark.OwnerOf(directory) is { } owner && Path.GetDirectoryName(path) is { } place)
            {
                RuntimeLeftovers.Delete(place, owner);
            }

            directory.Empty(MostEntries, last: OwnerMark.FileName);
            Directory.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
