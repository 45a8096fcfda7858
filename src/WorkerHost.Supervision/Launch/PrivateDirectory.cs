using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>
/// A supervisor's own directory, mode 0700: nobody else can reach the sockets in it, whatever mode they have. Where
/// workers run as another user it is 0711, and each worker's directory in it lets that user alone to its socket. Names
/// in it are never used twice, because a killed worker leaves its socket file behind. Locked for as long as this process
/// lives: when it is killed, the next supervisor to start here finds no lock and deletes it.
/// </summary>
internal sealed class PrivateDirectory : IDisposable
{
    /// <summary>sun_path has 108 bytes and ends with a NUL.</summary>
    public const int LongestSocketPath = 107;

    private const int RandomLength = 10;

    /// <summary>An end must come to an end, whatever somebody goes on making here.</summary>
    private const int MostEntries = 1_000_000;

    /// <summary>Every supervisor's directory has such a name.</summary>
    public static readonly string NamePattern = DirectoryName(new string('?', RandomLength));

    private readonly string parent;
    private readonly UserAccount? account;
    private HeldDirectory held;

    /// <param name="parent">Where it is made.</param>
    /// <param name="account">Who the workers are; null: who the host is.</param>
    /// <exception cref="IOException">It could not be made.</exception>
    public PrivateDirectory(string parent, UserAccount? account = null)
    {
        this.account = account;
        this.parent = System.IO.Path.GetFullPath(parent);
        (Path, held) = Make();
    }

    public string Path { get; private set; }

    /// <summary>Why socket paths under these options would be too long; null when they fit.</summary>
    public static string? Problem(SupervisorOptions options)
    {
        if (options.Transport != WorkerTransport.UnixSocket)
        {
            return null;
        }

        var longest = System.IO.Path.Combine(
            System.IO.Path.GetFullPath(options.Directory),
            DirectoryName(new string('x', RandomLength)),
            IncarnationDirectory.SocketIn(IncarnationName(SupervisorOptionsCheck.MostWorkers, new string('x', RandomLength))));
        var bytes = Encoding.UTF8.GetByteCount(longest);
        return bytes <= LongestSocketPath ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"Directory is {options.Directory}, which makes the paths of sockets {bytes} bytes long; allowed: {LongestSocketPath}, so {bytes - LongestSocketPath} less here. Set Directory, or TMPDIR from which it comes by default, to a shorter path");
    }

    /// <summary>Makes another one where a cleaner of temporary files has taken it away, or somebody has put something else in its place.</summary>
    /// <exception cref="IOException">It could not be made; the next call tries again.</exception>
    public void EnsureExists()
    {
        // Ours is locked, by us: whoever gets the lock has another.
        using var there = HeldDirectory.TryOpen(Path);
        if (there is null || there.TryLock())
        {
            // First: what is closed could not be looked into any more if another cannot be made.
            var made = Make();
            held.Dispose();
            (Path, held) = made;
        }
    }

    public IncarnationDirectory MakeFor(int slot, long incarnation, int lanes) =>
        IncarnationDirectory.Make(System.IO.Path.Combine(Path, IncarnationName(slot, Word())), account, lanes, incarnation);

    /// <summary>What is left in it belongs to nobody any more.</summary>
    public void Dispose()
    {
        using (held)
        {
            try
            {
                held.Empty(MostEntries, last: OwnerMark.FileName);
                Directory.Delete(Path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone already, or a worker that could not be killed holds it: nothing more can be done here.
            }
        }
    }

    /// <exception cref="IOException">It could not be made.</exception>
    private (string Path, HeldDirectory Held) Make()
    {
        while (true)
        {
            var path = System.IO.Path.Combine(parent, DirectoryName(Word()));
            try
            {
                IncarnationDirectory.Create(path, IncarnationDirectory.ModeFor(account));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new IOException($"no directory for sockets and ledgers can be made in {parent} (SupervisorOptions.Directory, by default TMPDIR): {e.Message}", e);
            }

            if (HeldDirectory.TryOpen(path) is { } made)
            {
                // Without the mark nobody sweeps it; so also where there are no locks to tell the living from the dead.
                if (made.TryLock())
                {
                    OwnerMark.Write(made);
                }

                return (path, made);
            }

            // A cleaner of temporary files was quicker.
        }
    }

    private static string DirectoryName(string word) => $"workerhost-{word}";

    private static string IncarnationName(int slot, string word) => string.Create(CultureInfo.InvariantCulture, $"{slot}-{word}");

    /// <summary>Not to be guessed: whoever can guess a name in /tmp can put something there first.</summary>
    private static string Word() => RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", RandomLength);
}
