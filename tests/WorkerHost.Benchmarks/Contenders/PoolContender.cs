namespace WorkerHost.Benchmarks;

/// <summary>What this project offers: a pool over its own workers.</summary>
internal sealed class PoolContender : DotnetContender
{
    private readonly WorkerPool pool;

    private PoolContender(WorkerPool pool)
    {
        this.pool = pool;
        Functions = new FunctionContender(pool, () => WorkerPids);
        Generated = new GeneratedContender(pool, () => WorkerPids);
    }

    public override string Name => "pool";

    public FunctionContender Functions { get; }

    public GeneratedContender Generated { get; }

    public override string RateName => "echo8.pool.tasks_per_s";

    public override string RateUnit => "tasks/s";

    protected override IReadOnlyList<int> WorkerPids => [.. pool.Workers.Where(w => w.Pid > 0).Select(w => w.Pid)];

    public static async Task<PoolContender> StartAsync(int workers)
    {
        var pool = await WorkerPool.StartAsync(WorkerCommand.Self(), new EmbeddedPoolOptions { Name = "bench", Workers = workers });
        var contender = new PoolContender(pool);
        while (pool.Workers.Any(w => w.State != SlotState.Ready))
        {
            await contender.EchoAsync(0, Data);
        }

        return contender;
    }

    /// <summary>What the workers got from their supervisor, to be given to the others' server processes, too.</summary>
    public IReadOnlyDictionary<string, string> WorkerEnvironment() => File.ReadAllText($"/proc/{WorkerPids[0]}/environ")
        .Split('\0', StringSplitOptions.RemoveEmptyEntries)
        .Select(v => v.Split('=', 2))
        .Where(v => !v[0].StartsWith("WORKERHOST_", StringComparison.Ordinal))
        .ToDictionary(v => v[0], v => v[1]);

    protected override Task EchoAsync(int turn, ReadOnlyMemory<byte> data) => pool.SubmitBytes("echo", data).Task;

    public override ValueTask DisposeAsync() => pool.DisposeAsync();
}
