namespace WorkerHost;

/// <summary>
/// How long the outcome of a task with an id of the caller's (<see cref="TaskOptions.Id"/>) is kept for whoever submits the id
/// again. Tasks without one cost nothing and are not kept. Immutable.
/// </summary>
public sealed record KeptOutcomeOptions
{
    /// <summary>
    /// From the moment when nothing of the task runs any more. Default 5 minutes; from 0 (not at all: an id is known only while its
    /// task waits or runs) to 1 day. Looked at when tasks with ids come and go, not by a timer.
    /// </summary>
    public TimeSpan For { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How many bytes of results, texts of failures, ids and headers, and 1 KiB for each task, are kept at most; the oldest is forgotten
    /// first. Default 64 MiB; 0 or more. An outcome larger than that is not kept.
    /// </summary>
    public long Bytes { get; init; } = 64L * 1024 * 1024;
}
