namespace WorkerHost.Supervision;

/// <summary>
/// Deletes all that is in a directory, and goes on after what cannot be deleted. Each level costs descriptors: what lies
/// deeper than anything of ours is moved to the top first, so that no depth is too much.
/// </summary>
internal sealed class Emptying(HeldDirectory top, int mostEntries, string last)
{
    private const int DeepestLevel = 8;

    private int entriesLeft = mostEntries;
    private bool hasLifted;
    private Exception? problem;

    /// <exception cref="IOException">Something is left.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public void Run()
    {
        do
        {
            hasLifted = false;
            problem = null;
            Empty(top, level: 0);
        }
        while (hasLifted && entriesLeft >= 0);

        if (entriesLeft < 0)
        {
            throw new IOException("it holds more than a supervisor puts into it");
        }

        if (problem is not null)
        {
            throw new IOException($"something in it cannot be deleted: {problem.Message}", problem);
        }
    }

    private void Empty(HeldDirectory directory, int level)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(directory.Here))
        {
            if (level == 0 && Path.GetFileName(entry) == last)
            {
                continue;
            }

            if (--entriesLeft < 0)
            {
                return;
            }

            try
            {
                Delete(entry, level);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problem ??= e;
            }
        }
    }

    private void Delete(string entry, int level)
    {
        using var inner = HeldDirectory.TryOpen(entry);
        if (inner is null)
        {
            File.Delete(entry);
            return;
        }

        if (level == DeepestLevel)
        {
            Directory.Move(entry, top.PathOf($"lifted-{Guid.NewGuid():N}"));
            hasLifted = true;
            return;
        }

        Empty(inner, level + 1);
        Directory.Delete(entry);
    }
}
