namespace WorkerHost.Contracts.Tests;

/// <summary>A ledger in a file of its own, as a supervisor makes it and a worker opens it.</summary>
internal sealed class LedgerFile : IDisposable
{
    public const long Incarnation = 7;

    public LedgerFile(int lanes)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());
        LedgerPage.Create(Path, lanes, Incarnation);
        Page = LedgerPage.Open(Path, Incarnation);
    }

    public string Path { get; }

    public LedgerPage Page { get; }

    public LedgerEvidence Evidence() => LedgerEvidence.Read(Path, Incarnation);

    public void Dispose()
    {
        Page.Dispose();
        File.Delete(Path);
    }
}
