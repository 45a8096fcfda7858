namespace WorkerHost;

/// <summary>
/// How a worker that has stopped living is found: frozen, stopped or stuck as a whole. A busy worker is not a dead one: what counts is a mark
/// that a thread of its own makes, and the number of tasks it has finished. Measured by a clock that nobody sets, and only
/// in time in which the supervisor itself was awake.
/// </summary>
public sealed record LivenessOptions
{
    /// <summary>
    /// Whether a silent worker is killed. Default true. Without it workers that freeze are found only by the time limits of
    /// their tasks, and their load is shown only where <see cref="SupervisorOptions.Recycling"/> has to look at them anyway.
    /// </summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// How often a worker beats (it is told so) and the supervisor looks at all of them, from 10 ms to 1 h. Default 1 s. One
    /// look costs about ten microseconds per worker.
    /// </summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Silent for this long, a worker is suspect: shown and logged, nothing else. From the last beat or the last finished
    /// task; or from when it was found that nobody listens at its address (looked at so often) while it runs nothing. At least twice <see cref="HeartbeatInterval"/>; default 3 s.
    /// </summary>
    public TimeSpan SuspectAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Silent for this long, a worker is dead: its group is killed, cause <see cref="DeathCause.Hang"/>, and the task it was running
    /// is charged with it. At least <see cref="SuspectAfter"/> and one <see cref="HeartbeatInterval"/>; default 10 s. A worker with a debugger attached is left alone.
    /// </summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What these options are called where messages are read.</summary>
    internal SettingNames Names { get; init; } = SettingNames.Members;
}
