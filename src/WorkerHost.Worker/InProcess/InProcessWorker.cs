using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>What a worker without a process is made of.</summary>
internal sealed record InProcessLaunch
{
    public required LaunchLine Line { get; init; }

    /// <summary>Maps the tasks, as a worker's program does.</summary>
    public required Action<WorkerApplication> Map { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Services for handlers beside those that the program registers; null: none.</summary>
    public IServiceProvider? HostServices { get; init; }

    /// <summary>Null: nothing is marked.</summary>
    public LedgerPage? Ledger { get; init; }

    /// <summary>Null: nothing stands in the way of frames and handlers.</summary>
    public WorkerTap? Tap { get; init; }

    /// <summary>After which graces a lane is left to a handler that does not heed its stop; null: it waits for it.</summary>
    public StopGraces? Graces { get; init; }
}

/// <summary>
/// A worker whose lanes are threads of this process: the same queue, lanes, handlers and sessions, without socket, supervisor and exit code.
/// </summary>
internal sealed class InProcessWorker : IAsyncDisposable
{
    private readonly WorkerCore core;
    private readonly InProcessEndpoint endpoint;
    private readonly StubbornRuns? stubborn;
    private readonly IAsyncDisposable? services;

    private InProcessWorker(WorkerCore core, InProcessEndpoint endpoint, StubbornRuns? stubborn, IAsyncDisposable? services)
    {
        this.core = core;
        this.endpoint = endpoint;
        this.stubborn = stubborn;
        this.services = services;
    }

    public InProcessEndpoint Endpoint => endpoint;

    /// <summary>Done when it drains and has nothing left.</summary>
    public Task Empty => core.Empty;

    public long FinishedTasks => core.FinishedTasks;

    /// <summary>Maps, makes the services, runs the initializers; whatever any of them throws is thrown.</summary>
    public static async Task<InProcessWorker> BootAsync(InProcessLaunch launch, CancellationToken cancellationToken)
    {
        var services = new HandlerServices(launch.Loggers, launch.Time, launch.HostServices);
        var application = WorkerApplication.InProcess(launch.Line.Worker, services);
        launch.Map(application);
        var (tasks, initializer) = application.Close();
        var (provider, owned) = services.BuildInProcess();
        try
        {
            if (!initializer.IsEmpty)
            {
                await initializer.RunAsync(cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            if (owned is not null)
            {
                await owned.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }

        var logger = launch.Loggers.CreateLogger("WorkerHost.Worker");
        var core = new WorkerCore(launch.Line, tasks, provider, launch.Ledger, launch.Time, logger) { Tap = launch.Tap, HasPort = false };
        var stubborn = launch.Graces is { } graces ? new StubbornRuns(core, graces) : null;
        core.Queue.Stopping = stubborn is null ? null : stubborn.Watch;
        core.Start();
        core.BeginService();
        launch.Ledger?.Stage(LedgerStage.Ready);
        return new InProcessWorker(core, new InProcessEndpoint(core, launch.Tap), stubborn, owned);
    }

    /// <summary>Takes nothing new, gives back what has not started; <see cref="Empty"/> tells when the rest is done.</summary>
    public void Drain() => core.Drain();

    /// <summary>
    /// What the end of a process does, as far as threads allow: no outcome gets out and nothing more starts. What runs goes on, since nobody can stop
    /// it; <see cref="DisposeAsync"/> asks it to.
    /// </summary>
    public void BreakOff()
    {
        endpoint.CutTowardsPool();
        core.Queue.Stop();
    }

    /// <summary>Ends what is left. A handler that does not heed its token keeps its thread; nobody hears of it any more.</summary>
    public async ValueTask DisposeAsync()
    {
        core.Drain();
        endpoint.Cut();
        core.CancelRunning();
        await core.Empty.ConfigureAwait(false);
        stubborn?.Dispose();
        core.Dispose();
        if (services is not null)
        {
            await services.DisposeAsync().ConfigureAwait(false);
        }
    }
}
