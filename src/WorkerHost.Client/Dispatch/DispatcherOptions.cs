namespace WorkerHost.Client;

/// <summary>What the dispatcher must know of the pool's settings. Durations in ticks of the monotonic clock's frequency are the shell's business.</summary>
internal sealed record DispatcherOptions
{
    public int QueueCapacity { get; init; } = 100_000;

    public long QueueBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Refuse at once what would not begin within its time limit.</summary>
    public bool AdmitByDeadline { get; init; } = true;

    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan TerminateGrace { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan ExpiredCancelGrace { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan ExpiredTerminateGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A task that did not heed its stop costs its worker at once, whatever runs beside it.</summary>
    public bool KillSharedWorkers { get; init; }

    /// <summary>So many deaths of a task's own making, and it is not tried again.</summary>
    public int QuarantineAfter { get; init; } = 2;

    /// <summary>What the settings are called in messages.</summary>
    public SettingNames Names { get; init; } = SettingNames.Members;

    /// <summary>What ids begin with that the pool makes up.</summary>
    public string IdPrefix { get; init; } = "";

    /// <summary>How long a supervised worker may live on after its session broke, before it is killed for it.</summary>
    public TimeSpan LostSessionGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long to go on reading a session after the worker's death was observed.</summary>
    public TimeSpan ReadOutGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Monotonic timestamps per second.</summary>
    public long TicksPerSecond { get; init; } = TimeSpan.TicksPerSecond;

    /// <summary>One moment by both clocks: makes a time of a monotonic timestamp.</summary>
    public (long Timestamp, DateTimeOffset Time) Anchor { get; init; }

    public DateTimeOffset TimeOf(long timestamp) =>
        Anchor.Time + TimeSpan.FromTicks((long)((timestamp - Anchor.Timestamp) * ((double)TimeSpan.TicksPerSecond / TicksPerSecond)));
}
