using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>
/// The ledger of one incarnation, opened before its worker is there and read through this one descriptor from then on. The worker may put
/// something else in the file's place, a pipe that nobody ever writes to for instance: whoever opened that would wait for ever.
/// Thread-safe.
/// </summary>
internal sealed class OpenLedger : IDisposable
{
    private readonly SafeFileHandle file;

    /// <param name="path">A ledger that no worker has seen yet.</param>
    /// <exception cref="IOException">It could not be opened.</exception>
    public OpenLedger(string path) => file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>How many bytes were read: fewer where the worker has cut it short, none where it cannot be read any more.</summary>
    public int Read(Span<byte> buffer, long at = 0)
    {
        try
        {
            return RandomAccess.Read(file, buffer, at);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <summary>What it says after its worker's death. The worker may have made it as large as it likes: no more is read than a ledger can have.</summary>
    public LedgerEvidence Evidence(long incarnation)
    {
        var page = new byte[LedgerLayout.SizeFor(LedgerLayout.MaxLanes)];
        return LedgerEvidence.Parse(page.AsSpan(0, Read(page)), incarnation);
    }

    public void Dispose() => file.Dispose();
}
