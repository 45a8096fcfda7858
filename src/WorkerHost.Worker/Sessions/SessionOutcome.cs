namespace WorkerHost.Worker;

/// <summary>An outcome on its way to the writer.</summary>
internal readonly record struct SessionOutcome(ulong Sequence, TaskEnd End);
