namespace WorkerHost.Conformance.Tests;

/// <summary>The worker cases with one kind of worker, under the real supervisor.</summary>
public abstract class WorkerTests<TKind>(WorkerFixture<TKind> worker) : IClassFixture<WorkerFixture<TKind>>
    where TKind : IKind
{
    public static TheoryData<string, string> Quick => Suite.ForWorker(TKind.Name, slow: false);

    public static TheoryData<string, string> Slow => Suite.ForWorker(TKind.Name, slow: true);

    [Theory]
    [MemberData(nameof(Quick))]
    public Task Keeps(string theme, string name) => RunAsync(theme, name);

    [Theory]
    [MemberData(nameof(Slow))]
    [Trait("Category", "Slow")]
    public Task Keeps_what_takes_longer(string theme, string name) => RunAsync(theme, name);

    private async Task RunAsync(string theme, string name)
    {
        Prepared.Demand(worker.Kind.Tools);
        var (file, one) = Suite.Find(theme, name);
        using var directory = new CaseDirectory();
        await using var run = new CaseRun(await worker.PoolAsync(file.Impatient), directory.Path)
        {
            Launch = step => worker.LaunchAsync(step, directory.Path),
        };
        await run.RunAsync(one);
    }
}
