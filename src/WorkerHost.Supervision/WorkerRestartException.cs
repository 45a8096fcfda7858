namespace WorkerHost;

/// <summary>
/// A restart was given up, because new workers could not boot. Those that were not replaced yet keep serving, in a rolling
/// restart; where none is left, nobody serves, and the supervisor goes on trying to start workers, with pauses
/// (<see cref="RestartOptions"/>).
/// </summary>
public sealed class WorkerRestartException : Exception
{
    internal WorkerRestartException(int serving, DeathReport death, SettingNames names)
        : base($"the restart was given up: {Text(serving, names)}: {death}") => Death = death;

    /// <summary>How the new worker ended; where all of them failed, the last.</summary>
    public DeathReport Death { get; }

    /// <summary>What has become of it, for the event as well.</summary>
    internal static string Text(int serving, SettingNames names) => serving > 0
        ? "a new worker could not boot, and the workers that were not replaced keep serving"
        : $"no new worker could boot, and none of the old ones serves any more. No worker takes tasks until one can be started, which is tried again and again ({names["SupervisorOptions.Restart"]})";
}
