namespace WorkerHost.Supervision;

/// <summary>
/// Whether the kernel's out-of-memory killer was at work lately. Where a worker has no memory group of its own, nobody counts whom it
/// has killed, only how many: a hint, which says no more than that. Touched by the owner loop only.
/// </summary>
/// <param name="where">Among whom the kernel counts, for people.</param>
/// <param name="read">Its count; null where there is none.</param>
internal sealed class OomWatch(string where, Func<long?> read)
{
    /// <summary>A process with much memory takes a while to end.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);

    private long? seen = read();
    private TimeSpan seenAt;
    private (long Kills, TimeSpan After, TimeSpan Before)? last;

    /// <summary>In the host's own group, which is the workers', where memory is counted by group; else on the whole machine.</summary>
    public static OomWatch For(ControlGroupLayout layout)
    {
        foreach (var file in (string[])[$"{layout.Unified}/memory.events", $"{layout.Memory}/memory.oom_control"])
        {
            if (Count(file) is not null)
            {
                return new OomWatch("in the host's control group", () => Count(file));
            }
        }

        return new OomWatch("on this machine", static () => Count("/proc/vmstat"));
    }

    /// <summary>The more often, the closer the time is known.</summary>
    public void Look(TimeSpan now)
    {
        var count = read();
        if (count > seen)
        {
            last = (count.Value - seen.Value, seenAt, now);
        }

        (seen, seenAt) = (count, now);
    }

    /// <summary>What there is to say of a worker that has just ended by SIGKILL, and nobody here had sent it; null: nothing.</summary>
    public string? Hint(TimeSpan now)
    {
        Look(now);
        return last is { } kills && now - kills.Before < Recent
            ? $"in the last {DurationText.Of(now - kills.After)} the kernel's out-of-memory killer has ended {kills.Kills} {(kills.Kills == 1 ? "process" : "processes")} {where}, perhaps this one"
            : null;
    }

    private static long? Count(string file) => ControlGroupFile.Count(file, "oom_kill");
}
