namespace WorkerHost.Supervision;

/// <summary>
/// What one worker and its supervisor share: a ledger, and a directory for the socket. Where the worker runs as another
/// user, both belong to that user, but what holds them is the host's: the worker can write into its ledger and cannot
/// put anything else in its place.
/// </summary>
internal sealed class IncarnationDirectory
{
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = OwnersOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string LedgerName = "ledger";

    /// <summary>A worker that leaves more behind leaves it to the end of the supervisor.</summary>
    private const int MostEntries = 10_000;

    private IncarnationDirectory(string path, OpenLedger ledger)
    {
        Path = path;
        Ledger = ledger;
    }

    public string Path { get; }

    public string LedgerPath => LedgerIn(Path);

    /// <summary>The ledger itself, whatever lies at its path meanwhile. Open until <see cref="Delete"/>.</summary>
    public OpenLedger Ledger { get; }

    public string SocketPath => SocketIn(Path);

    public static string SocketIn(string path) => System.IO.Path.Combine(SocketsIn(path), "s");

    /// <summary>Who may pass through a directory above: nobody else, unless workers are somebody else.</summary>
    public static UnixFileMode ModeFor(UserAccount? account) => account is null ? OwnersOnly : Passable;

    /// <summary>
    /// Makes this one directory. Never those above it, as the runtime would: where one is gone that somebody else has made, we
    /// do not know what it was for, nor with which mode. And never takes one that is there already for its own.
    /// </summary>
    /// <exception cref="IOException">It could not be made.</exception>
    public static void Create(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no directory modes");
        }

        if (Libc.mkdir(path, (uint)mode) != 0)
        {
            throw new IOException($"'{path}' could not be made: {Libc.Message(Libc.Errno)}");
        }

        // The mode above was cut by the host's umask.
        File.SetUnixFileMode(path, mode);
    }

    /// <exception cref="IOException">It could not be made.</exception>
    public static IncarnationDirectory Make(string path, UserAccount? account, int lanes, long incarnation)
    {
        Create(path, ModeFor(account));
        Create(SocketsIn(path), OwnersOnly);
        LedgerPage.Create(LedgerIn(path), lanes, incarnation);
        account?.Own(SocketsIn(path));
        account?.Own(LedgerIn(path));
        return new IncarnationDirectory(path, new OpenLedger(LedgerIn(path)));
    }

    /// <summary>Its name is never used again. What somebody of the worker's user makes of it meanwhile leads us nowhere else.</summary>
    public void Delete()
    {
        Ledger.Dispose();
        try
        {
            if (HeldDirectory.TryOpen(Path) is { } held)
            {
                using (held)
                {
                    held.Empty(MostEntries, last: LedgerName);
                }

                Directory.Delete(Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the supervisor's directory.
        }
    }

    private static string SocketsIn(string path) => System.IO.Path.Combine(path, "s");

    private static string LedgerIn(string path) => System.IO.Path.Combine(path, LedgerName);
}
