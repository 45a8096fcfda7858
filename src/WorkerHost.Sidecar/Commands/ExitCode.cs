namespace WorkerHost.Sidecar.Commands;

/// <summary>How commands end; those from 64 on are named in sysexits.h.</summary>
internal static class ExitCode
{
    /// <summary>What was asked for is done.</summary>
    public const int Done = 0;

    /// <summary>The task or the operation failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    /// <summary>EX_UNAVAILABLE: the host cannot be reached.</summary>
    public const int Unreachable = 69;

    /// <summary>EX_SOFTWARE: the program itself is at fault.</summary>
    public const int Defect = 70;

    /// <summary>EX_TEMPFAIL: not now, perhaps later: a full queue, a host that drains, no worker ready.</summary>
    public const int TryAgain = 75;

    /// <summary>EX_CONFIG: the configuration is wrong; trying again does not help until it is changed.</summary>
    public const int Configuration = 78;
}
