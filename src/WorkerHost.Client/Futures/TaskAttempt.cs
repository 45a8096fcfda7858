namespace WorkerHost;

/// <summary>One try of a task on one incarnation of a worker. Immutable.</summary>
/// <param name="Number">From 1. A redispatch of a task that provably never started does not raise it.</param>
/// <param name="Worker">Where it was sent.</param>
/// <param name="Pid">The worker's process id; 0 when unknown.</param>
/// <param name="Failure">How it failed; null while it runs and when it succeeded.</param>
public sealed record TaskAttempt(int Number, WorkerId Worker, int Pid, TaskFailure? Failure)
{
    /// <summary>How its worker died, when that is what ended the attempt.</summary>
    public DeathReport? Death => Failure is { Deaths: [.., var last] } ? last : null;
}
