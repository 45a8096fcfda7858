namespace WorkerHost.Worker;

/// <summary>An outcome on its way to the writer.</summary>
/// <param name="Sequence">The task's in its session.</param>
/// <param name="End">How it ended.</param>
/// <param name="Kept">Behind a host: what is kept until the client has seen the outcome. Null: nothing.</param>
internal readonly record struct SessionOutcome(ulong Sequence, TaskEnd End, object? Kept = null);
