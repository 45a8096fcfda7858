namespace WorkerHost;

/// <summary>
/// Events that were asked for are no longer kept: the watcher was away or slow for too long. Nothing else is lost; see the
/// message for how to go on.
/// </summary>
public sealed class EventsLostException : Exception
{
    internal EventsLostException(string pool, long after, long oldestKept, int kept, SettingNames names)
        : base($"events {after + 1} to {oldestKept - 1} of pool {pool} are no longer kept ({names["SupervisorOptions.KeptEvents"]} = {kept}); "
            + (names.AreMembers
                ? $"the oldest that is kept is {oldestKept}: go on with WatchAsync(after: {oldestKept - 1}), and see Supervisor.Workers for what is true now"
                : $"the oldest that is kept is {oldestKept}; for what is true now see {names["Supervisor.Workers"]}"))
    {
        After = after;
        OldestKept = oldestKept;
    }

    /// <summary>After which event the watcher wanted to read on.</summary>
    public long After { get; }

    /// <summary>The sequence of the oldest event that is kept; <c>WatchAsync(after: OldestKept - 1)</c> begins with it.</summary>
    public long OldestKept { get; }
}
