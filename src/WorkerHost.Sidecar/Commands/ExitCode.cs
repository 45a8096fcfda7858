namespace WorkerHost.Sidecar.Commands;

/// <summary>How commands end; those from 64 to 78 are named in sysexits.h.</summary>
internal static class ExitCode
{
    /// <summary>What was asked for is done.</summary>
    public const int Done = 0;

    /// <summary>The task or the operation failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line cannot be understood, or it names a pool, worker or task that is not there.</summary>
    public const int Usage = 2;

    /// <summary>EX_UNAVAILABLE: the host cannot be reached.</summary>
    public const int Unreachable = 69;

    /// <summary>EX_SOFTWARE: the program itself is at fault.</summary>
    public const int Defect = 70;

    /// <summary>EX_TEMPFAIL: not now, perhaps later: a full queue, a host that drains, no worker ready.</summary>
    public const int TryAgain = 75;

    /// <summary>EX_NOPERM: the host wants to be shown a token, or another one.</summary>
    public const int NoPermission = 77;

    /// <summary>EX_CONFIG: the configuration is wrong; trying again does not help until it is changed.</summary>
    public const int Configuration = 78;

    /// <summary>128 and SIGINT: ended by Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>128 and SIGPIPE: whoever read the output has left.</summary>
    public const int NobodyReads = 141;

    /// <summary>Each with what it says, for help and documentation.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Done, "done"),
        (Failed, "the task or the operation failed"),
        (Usage, "wrong usage; a pool, worker or task that is not there"),
        (Unreachable, "the host cannot be reached"),
        (Defect, "a defect of this program"),
        (TryAgain, "not now, perhaps later: queue full, draining, no worker, time is up"),
        (NoPermission, "the host wants to be shown a token, or another one"),
        (Configuration, "the configuration is wrong"),
        (Interrupted, "ended by Ctrl-C (143: by SIGTERM)"),
        (NobodyReads, "whoever read the output has left"),
    ];
}
