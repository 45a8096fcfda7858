namespace WorkerHost.Supervision;

/// <summary>
/// How much of the time between two looks counts as silence of a worker. A look that comes late says that the supervisor's own
/// loop was held up, or the whole machine asleep: for that no worker is blamed, so a look counts for little more than
/// the interval. Pure.
/// </summary>
internal sealed class LookPace(LivenessOptions options)
{
    /// <summary>Timers are never early and always a little late; a loop that is late by more was not awake.</summary>
    private const double MostPerLook = 1.5;

    /// <summary>Before the first look: the origin of the clock, when the supervisor began.</summary>
    private TimeSpan last;

    /// <param name="now">By the monotonic clock.</param>
    /// <returns>What counts, and by how much the look was too late: zero unless worth telling.</returns>
    public (TimeSpan Counts, TimeSpan Late) Look(TimeSpan now)
    {
        var gap = now - last;
        last = now;
        var most = options.HeartbeatInterval * MostPerLook;
        return gap <= most ? (gap, TimeSpan.Zero)
            : (most, gap - options.HeartbeatInterval >= options.SuspectAfter ? gap - options.HeartbeatInterval : TimeSpan.Zero);
    }
}
