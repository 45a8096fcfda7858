namespace WorkerHost;

/// <summary>
/// A rolling restart was given up: a worker of the new generation could not boot. The workers that were not replaced yet
/// keep serving.
/// </summary>
public sealed class WorkerRestartException : Exception
{
    internal WorkerRestartException(DeathReport death)
        : base($"the rolling restart was given up, and the workers that it had not replaced keep serving, because a new worker could not boot: {death}") => Death = death;

    /// <summary>How the new worker ended.</summary>
    public DeathReport Death { get; }
}
