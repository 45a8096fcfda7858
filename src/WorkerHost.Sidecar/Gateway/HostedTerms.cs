using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What a client says about its task, as the pool takes it.</summary>
internal static class HostedTerms
{
    // The usual case costs nothing.
    private static readonly TaskOptions Plain = new();
    private static readonly TaskOptions PlainIdempotent = new() { Idempotent = true };

    public static TaskOptions Of(TaskRun run)
    {
        if (run is { Deadline: 0, Priority: 0, MaxAttempts: 0, HeaderBytes: 0, GivenId.Length: 0, AffinityKey.Length: 0 })
        {
            return run.IsIdempotent ? PlainIdempotent : Plain;
        }

        return new TaskOptions
        {
            Id = run.GivenId.Length == 0 ? null : run.GivenId,
            TimeLimit = run.TimeRemaining is { } left ? (left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1)) : null,
            Priority = (TaskPriority)run.Priority,
            Idempotent = run.IsIdempotent,
            Attempts = run.MaxAttempts == 0 ? null : run.MaxAttempts,
            AffinityKey = run.AffinityKey.Length == 0 ? null : run.AffinityKey,
            Headers = run.HeaderBytes == 0 ? null : run.Headers,
        };
    }
}
