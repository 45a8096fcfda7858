using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Supervision;
using WorkerHost.Worker;

namespace WorkerHost;

/// <summary>
/// Boots the one worker of an in-process pool and tells the pool of it. Without a back-channel: nobody can be killed, and no death is observed.
/// </summary>
internal sealed class InProcessSource : IWorkerSource, IWorkersView, IAsyncDisposable
{
    private readonly WorkerSetFeed feed = new();
    private readonly InProcessPoolOptions options;
    private readonly Action<WorkerApplication> map;
    private readonly WorkerId id;
    private readonly DateTimeOffset startedAt;
    private readonly long begun;
    private readonly CancellationTokenSource stop = new();
    private readonly Task<InProcessWorker> booting;
    private volatile InProcessWorker? worker;
    private Func<WorkerId, WorkerLoad> load = static _ => WorkerLoad.None;
    private DeathReport? failure;
    private TimeSpan bootTime;
    private bool stopped;

    public InProcessSource(Action<WorkerApplication> map, InProcessPoolOptions options)
    {
        this.map = map;
        this.options = options;
        id = new WorkerId(options.Name, 0, 0);
        startedAt = options.TimeProvider.GetUtcNow();
        begun = options.TimeProvider.GetTimestamp();
        booting = Task.Run(BootAsync);
        Unawaited.Observe(booting);
    }

    public IWorkerBackChannel? BackChannel => null;

    /// <summary>Ends when the worker takes tasks, or with what its program threw.</summary>
    public Task Booted => booting;

    public ImmutableArray<WorkerStatus> Workers =>
    [
        new WorkerStatus
        {
            Id = id,
            Pid = Environment.ProcessId,
            State = stopped ? SlotState.Stopped : worker is not null ? SlotState.Ready : failure is not null ? SlotState.CrashLooping : SlotState.Starting,
            Address = worker is null ? null : Address,
            StartedAt = startedAt,
            BootTime = worker is null ? null : bootTime,
            RunningTasks = worker is null ? 0 : load(id).RunningTasks.Length,
            TasksFinished = worker?.FinishedTasks ?? 0,
            LastDeath = failure,
        },
    ];

    public SupervisorReadiness Readiness => new()
    {
        IsReady = worker is not null && !stopped,
        Serving = worker is not null && !stopped ? 1 : 0,
        Needed = 1,
        LastDeath = failure,
        Reason = stopped ? "the pool is stopping"
            : worker is not null ? $"{options.Concurrency} threads of this process take tasks"
            : failure is not null ? $"the pool's program failed in this process and is not started again: {failure.Reason}"
            : "the pool's program is starting in this process",
    };

    private Uri Address => new($"in-process:{id.Pool}");

    public ChannelReader<WorkerSet> Subscribe() => feed.Subscribe();

    /// <summary>How to ask the pool what runs.</summary>
    public void AskLoadOf(Func<WorkerId, WorkerLoad> load) => this.load = load;

    public async ValueTask DisposeAsync()
    {
        stopped = true;
        await stop.CancelAsync().ConfigureAwait(false);
        await ((Task)booting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (worker is { } booted)
        {
            await booted.DisposeAsync().ConfigureAwait(false);
        }

        feed.Complete();
        stop.Dispose();
    }

    private async Task<InProcessWorker> BootAsync()
    {
        try
        {
            var booted = await InProcessWorker.BootAsync(
                new InProcessLaunch
                {
                    Line = new LaunchLine
                    {
                        MinProtocol = ProtocolLimits.MinVersion,
                        MaxProtocol = ProtocolLimits.MaxVersion,
                        Pool = options.Name,
                        Slot = id.Slot,
                        Incarnation = id.Incarnation,
                        Address = Address.OriginalString,
                        HostInstance = Guid.CreateVersion7().ToString("N"),
                        Concurrency = options.Concurrency,
                        DrainMilliseconds = 0,
                        MaxMessageBytes = options.MaxMessageBytes,
                    },
                    Map = map,
                    Time = options.TimeProvider,
                    Loggers = options.LoggerFactory ?? NullLoggerFactory.Instance,
                    HostServices = options.Services,
                    Graces = new StopGraces(options.CancelGrace, options.ExpiredCancelGrace),
                },
                stop.Token).ConfigureAwait(false);
            bootTime = options.TimeProvider.GetElapsedTime(begun);
            worker = booted;
            feed.Publish(WorkerSet.Empty with
            {
                Version = 1,
                Ready = [new WorkerEndpoint(id, Address, Environment.ProcessId, Secret: null, options.Concurrency) { InProcess = booted.Endpoint }],
            });
            return booted;
        }
        catch (Exception e)
        {
            failure = new DeathReport
            {
                Worker = id,
                Pid = Environment.ProcessId,
                Time = options.TimeProvider.GetUtcNow(),
                Uptime = options.TimeProvider.GetElapsedTime(begun),
                Cause = DeathCause.BootFailure,
                Reason = $"its program threw {e.GetType()}: {e.Message}",
                LastOutput = [.. e.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(20)],
                Next = "nothing: in the process of its pool it is started once",
            };
            feed.Publish(WorkerSet.Empty with { Version = 1, Outlook = new WorkerOutlook(Hopeless: true, failure, NextTry: null) });
            throw;
        }
    }
}
