namespace WorkerHost;

/// <summary>
/// When a worker that works is replaced by a fresh one. The replacement is ready before the old one leaves, and the old one
/// finishes what it has, however long that takes (<see cref="MaxDrain"/>); no replacement counts as a crash. Default: never.
/// Age, idle time and memory are looked at once per <see cref="LivenessOptions.HeartbeatInterval"/>.
/// </summary>
public sealed record RecycleOptions
{
    /// <summary>
    /// How many tasks a worker is given in its life, from 1 to 1 000 000 000; one that came back unstarted does not count. Its
    /// pool counts, and asks for the replacement ahead of the last one. Default (null): any number.
    /// </summary>
    public int? MaxTasks { get; init; }

    /// <summary>How long a worker serves, from ready until it is to be replaced. At least 1 s. Default (null): for ever.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>
    /// A worker that has run tasks and then had none for this long is replaced, so that the memory of a busy hour does not
    /// stay until the next one. One that has run nothing is as fresh as its replacement would be, and stays. At least 1 s.
    /// Default (null): never.
    /// </summary>
    public TimeSpan? MaxIdle { get; init; }

    /// <summary>
    /// A worker whose process has more resident memory than this, in bytes, finishes the tasks it has and is replaced. Must be above what
    /// a fresh worker needs, or each worker is replaced as soon as it is there (at a pace that the restart policy bounds).
    /// Its children are not counted. At least 1 MiB. Default (null): no limit.
    /// </summary>
    public long? SoftMemoryBytes { get; init; }

    /// <summary>
    /// A worker whose process has more resident memory than this, in bytes, is killed at once, whatever it is doing: cause
    /// <see cref="DeathCause.Limit"/>, charged to the task it was running. Not jittered. It is looked at once per
    /// <see cref="LivenessOptions.HeartbeatInterval"/>: a faster growth meets the kernel's limits first. Greater than
    /// <see cref="SoftMemoryBytes"/>. Default (null): no limit.
    /// </summary>
    public long? HardMemoryBytes { get; init; }

    /// <summary>
    /// By how much of itself each limit is shortened for each worker, at random, so that workers of the same age are not replaced
    /// at the same time: from 0 (exactly the limit) to 1 (anything from 0 to the limit). Default 0.2. The number of tasks is shortened by whole
    /// tasks, rounded down: below 5 tasks and with the default it is exact.
    /// </summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>
    /// For how long a worker that is being replaced as planned (by one of these limits, a restart, a drain of one worker, or scaling
    /// down) may work on what it has, from being told to leave until SIGTERM; its tasks are then cancelled. From 0 to 24 days; less than
    /// <see cref="SupervisorOptions.DrainTimeout"/> is possible. Default (null): until its work is done. Whatever this is, one that runs
    /// nothing and does not leave gets SIGTERM after <see cref="SupervisorOptions.DrainTimeout"/>, and a stop of the supervisor waits for
    /// nobody longer than that. One that works on counts for <see cref="SupervisorOptions.MaxSurge"/>.
    /// </summary>
    public TimeSpan? MaxDrain { get; init; }

    /// <summary>Whether anything is to be looked at from time to time.</summary>
    internal bool Watches => MaxTasks is not null || MaxAge is not null || MaxIdle is not null || SoftMemoryBytes is not null || HardMemoryBytes is not null;

    /// <summary>What these options are called where messages are read.</summary>
    internal SettingNames Names { get; init; } = SettingNames.Members;
}
