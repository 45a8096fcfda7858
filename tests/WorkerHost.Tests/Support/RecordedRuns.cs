namespace WorkerHost.Tests;

/// <summary>A pool of one real worker that writes down what it runs and when, and can be kept busy until it is told to go on.</summary>
public abstract class RecordedRuns : IAsyncLifetime
{
    private readonly string here = TestPool.NewPath();
    private readonly string there = TestPool.NewPath();

    protected string RecordPath { get; } = TestPool.NewPath();

    protected WorkerPool Pool { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Pool = await TestPool.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        File.Delete(RecordPath);
        File.Delete(here);
        File.Delete(there);
        GC.SuppressFinalize(this);
    }

    protected async Task<TaskFuture<int>> KeepBusyAsync()
    {
        var running = Pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));
        return running;
    }

    protected async Task GoOnAsync(TaskFuture<int> running)
    {
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        await running.Task.WaitAsync(TestPool.Patience);
    }

    /// <summary>Longer than the longest round trip, so that nothing is prefetched behind it.</summary>
    protected TaskFuture<string> Record(TaskOptions options) => Pool.Submit<string>("record", [RecordPath, 10], options);

    protected List<string> Begun() => [.. File.ReadAllLines(RecordPath).Select(static l => l.Split(' ')).Where(static l => l[3] == "begin").Select(static l => l[0])];
}
