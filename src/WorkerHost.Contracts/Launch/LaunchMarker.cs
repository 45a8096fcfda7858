namespace WorkerHost;

/// <summary>How a process knows, and people see, that it is a worker.</summary>
internal static class LaunchMarker
{
    /// <summary>Set to "1" in a worker's environment. Not a secret.</summary>
    public const string EnvironmentVariable = "WORKERHOST_WORKER";

    /// <summary>Followed by the pool's name at the end of a worker's argument list, for ps and pgrep.</summary>
    public const string Argument = "--workerhost-worker";
}
