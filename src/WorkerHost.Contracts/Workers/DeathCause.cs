namespace WorkerHost;

/// <summary>Why a worker process ended.</summary>
public enum DeathCause
{
    /// <summary>Not known: its exit status was taken by someone else.</summary>
    Unknown = 0,

    /// <summary>A signal of its own making (SIGSEGV, SIGABRT …) or an exit code other than 0.</summary>
    Crash = 1,

    /// <summary>It left with exit code 0 although nobody had asked it to.</summary>
    Exit = 2,

    /// <summary>The kernel's out-of-memory killer.</summary>
    OutOfMemory = 3,

    /// <summary>It stopped answering and was killed for it.</summary>
    Hang = 4,

    /// <summary>It did not become ready within the boot timeout and was killed for it.</summary>
    BootTimeout = 5,

    /// <summary>It could not be started, ended before it was ready, or was ready but let no pool open a session with it.</summary>
    BootFailure = 6,

    /// <summary>A planned replacement; never counted as a crash.</summary>
    Recycle = 7,

    /// <summary>Killed because its pool asked for it, for example to stop a task that did not heed its cancellation.</summary>
    Ordered = 8,

    /// <summary>SIGKILL or SIGTERM from outside the supervisor.</summary>
    Killed = 9,

    /// <summary>The supervisor was stopping.</summary>
    Stop = 10,

    /// <summary>It was over a limit that its supervisor was told to enforce, for example of memory, and was killed for it.</summary>
    Limit = 11,
}
