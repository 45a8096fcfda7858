namespace WorkerHost.Sidecar.Tests;

/// <summary>The test worker as it was built beside these tests.</summary>
internal static class TestWorker
{
    public static string Path { get; } = System.IO.Path.Combine(
        RepositoryRoot.Path, "tests", "WorkerHost.TestWorker", "bin", Configuration, "net10.0", "WorkerHost.TestWorker");

    public static WorkerCommand Command => new() { FileName = Path };

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
}
