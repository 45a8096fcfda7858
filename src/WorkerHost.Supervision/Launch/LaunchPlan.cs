namespace WorkerHost.Supervision;

/// <summary>What one incarnation was given.</summary>
internal sealed record LaunchPlan
{
    public required WorkerId Id { get; init; }

    public required Uri Address { get; init; }

    /// <summary>Null where the address is TCP.</summary>
    public required string? SocketPath { get; init; }

    /// <summary>Null where the address is a socket.</summary>
    public required string? Secret { get; init; }

    public required string LedgerPath { get; init; }

    /// <summary>Removes its files; their names are never used again.</summary>
    public void DeleteFiles()
    {
        Delete(LedgerPath);
        if (SocketPath is not null)
        {
            Delete(SocketPath);
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the directory.
        }
    }
}
