namespace WorkerHost.Conformance.Tests;

/// <summary>An empty directory for one case, gone with it.</summary>
internal sealed class CaseDirectory : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("wh-case-");

    public string Path => directory.FullName;

    public void Dispose() => directory.Delete(recursive: true);
}
