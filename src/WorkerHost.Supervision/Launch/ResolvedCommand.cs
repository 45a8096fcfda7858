namespace WorkerHost.Supervision;

/// <summary>An executable that is really there, and whether it may be started through another program.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="MustBeSpawnedItself">
/// It looks as if it were made for another processor, or is of no format we know. Only the kernel's own word on that counts,
/// and a launcher (execvp) would hide it by feeding the file to a shell.
/// </param>
internal sealed record ResolvedCommand(string Path, bool MustBeSpawnedItself);
