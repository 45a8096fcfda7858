namespace WorkerHost.Tests;

/// <summary>What a worker of the test's needs to boot: while it is away, none can.</summary>
internal sealed class NeededFile : IDisposable
{
    private readonly string path = TestPool.NewPath();

    public NeededFile() => BringBack();

    /// <summary>Of the worker.</summary>
    public string[] Arguments => ["--boots-with", path];

    public void TakeAway() => File.Delete(path);

    public void BringBack() => File.WriteAllText(path, "");

    public void Dispose() => TakeAway();
}
