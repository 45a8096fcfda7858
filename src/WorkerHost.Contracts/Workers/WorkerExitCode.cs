namespace WorkerHost;

/// <summary>Exit codes with a meaning between a worker and its supervisor.</summary>
public static class WorkerExitCode
{
    /// <summary>Drained and left as asked.</summary>
    public const int Success = 0;

    /// <summary>The program was started by hand; it is a worker and needs a supervisor (EX_USAGE of sysexits.h).</summary>
    public const int NotSupervised = 64;

    /// <summary>Could not serve, for example because its socket could not be bound or its initializer failed (EX_SOFTWARE of sysexits.h).</summary>
    public const int CannotServe = 70;

    /// <summary>
    /// Replace me; not a crash (EX_TEMPFAIL of sysexits.h). From a worker that was ready; before that it is a failed boot
    /// like any other.
    /// </summary>
    public const int Recycle = 75;

    /// <summary>Do not start me again until the configuration changes (EX_CONFIG of sysexits.h).</summary>
    public const int Misconfigured = 78;
}
