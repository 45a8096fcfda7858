namespace WorkerHost.Conformance.Tests;

/// <summary>The pools over one kind of worker, each begun when the first case needs it.</summary>
public sealed class WorkerFixture<TKind> : IAsyncLifetime
    where TKind : IKind
{
    private readonly Dictionary<bool, Task<WorkerPool>> pools = [];
    private readonly CaseDirectory directory = new();
    private RawWorker? shared;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in pools.Values)
        {
            await (await pool).DisposeAsync();
        }

        shared?.Dispose();
        directory.Dispose();
    }

    internal WorkerKind Kind { get; } = Suite.Worker(TKind.Name);

    /// <summary>Cases come one after another, so this needs no lock.</summary>
    internal Task<WorkerPool> PoolAsync(bool impatient) => pools.TryGetValue(impatient, out var pool) ? pool : pools[impatient] = StartAsync(impatient);

    /// <summary>A worker that no supervisor sees.</summary>
    internal async Task<RawWorker> LaunchAsync(LaunchStep step, string ownDirectory)
    {
        var command = await CommandAsync();
        return step.IsShared
            ? shared ??= await RawWorker.StartAsync(Kind, command, step, directory.Path)
            : await RawWorker.StartAsync(Kind, command, step, ownDirectory);
    }

    private Task<WorkerCommand> CommandAsync() => Prepared.CommandAsync(Kind.Command, Kind.Environment, Kind.Prepare);

    private async Task<WorkerPool> StartAsync(bool impatient) => await WorkerPool.StartAsync(await CommandAsync(), Options(impatient), TestContext.Current.CancellationToken);

    private static EmbeddedPoolOptions Options(bool impatient) => new()
    {
        Name = "conformance",
        Workers = 1,
        Concurrency = 1,
        MaxMessageBytes = 8 << 20,

        // Cases with time limits come one after another and must not be reckoned by what others took.
        AdmitByDeadline = false,
        CancelGrace = TimeSpan.FromSeconds(1),
        ExpiredCancelGrace = TimeSpan.FromSeconds(1),
        TerminateGrace = TimeSpan.FromSeconds(0.3),
        ExpiredTerminateGrace = TimeSpan.FromSeconds(0.3),
        Retry = new RetryOptions { MinDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(10) },
        Supervision = new SupervisorOptions
        {
            Spares = 0,
            Restart = new RestartOptions { Intensity = 100_000, MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(20) },
            Liveness = impatient ? QuickLiveness.Impatient : QuickLiveness.Patient,
        },
    };
}
