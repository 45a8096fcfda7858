namespace WorkerHost;

/// <summary>Liveness for tests with real processes.</summary>
internal static class QuickLiveness
{
    /// <summary>For those who are to be found: short, and wide enough for a machine that has other things to do.</summary>
    public static readonly LivenessOptions Impatient = new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(100),
        SuspectAfter = TimeSpan.FromMilliseconds(500),
        DeadAfter = TimeSpan.FromSeconds(2),
    };

    /// <summary>For everybody else: looks as often, and takes nobody for dead who only has to wait for a processor.</summary>
    public static readonly LivenessOptions Patient = new() { HeartbeatInterval = Impatient.HeartbeatInterval };
}
