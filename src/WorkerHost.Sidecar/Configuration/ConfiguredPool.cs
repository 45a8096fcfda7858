namespace WorkerHost.Sidecar.Configuration;

/// <summary>A pool that the host is to have.</summary>
/// <param name="Name">Its name: 1 to 64 ASCII letters, digits, '-', '_' and '.'. No two pools have names that differ in case only.</param>
/// <param name="Command">What its workers are started as.</param>
/// <param name="Options">What it is like; their <c>Name</c> is <paramref name="Name"/>, and logger and clock are those of nobody yet.</param>
internal sealed record ConfiguredPool(string Name, WorkerCommand Command, EmbeddedPoolOptions Options);
