namespace WorkerHost.Supervision;

/// <summary>
/// What a .NET runtime makes for debuggers and <c>dotnet-trace</c> in its directory for temporary files, and leaves there when
/// it is killed: nobody else would ever delete it, and a pool whose workers are killed fills the directory.
/// </summary>
internal static class RuntimeLeftovers
{
    /// <param name="directory">The worker's TMPDIR.</param>
    /// <param name="worker">A process that has ended. Its start time is in the names, so they are no other process's.</param>
    public static void Delete(string directory, ProcessIdentity worker)
    {
        var id = $"{worker.Pid}-{worker.StartTime}";
        foreach (var name in (ReadOnlySpan<string>)[$"dotnet-diagnostic-{id}-socket", $"clr-debug-pipe-{id}-in", $"clr-debug-pipe-{id}-out"])
        {
            try
            {
                File.Delete(Path.Combine(directory, name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A worker of another user, or a directory that is gone.
            }
        }
    }
}
