namespace WorkerHost;

/// <summary>Where the filling of a slot stands.</summary>
public enum SlotState
{
    /// <summary>No worker, and none is wanted at the moment.</summary>
    Empty = 0,

    /// <summary>A process was asked for or is booting; it is not ready yet.</summary>
    Starting = 1,

    /// <summary>Its worker takes tasks.</summary>
    Ready = 2,

    /// <summary>Its worker is alive, gets nothing new, and will be replaced when it is gone.</summary>
    Draining = 3,

    /// <summary>Its worker is alive, gets nothing new, and will not be replaced: the supervisor is stopping.</summary>
    Stopping = 4,

    /// <summary>No worker; the next one is started after a pause.</summary>
    BackingOff = 5,

    /// <summary>
    /// No worker; it died so often without doing anything useful that the breaker is open. Still retried, slowly.
    /// </summary>
    CrashLooping = 6,

    /// <summary>Ended for good.</summary>
    Stopped = 7,
}
