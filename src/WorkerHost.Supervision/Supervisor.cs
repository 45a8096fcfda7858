using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Supervision;

namespace WorkerHost;

/// <summary>
/// Owns the worker processes of one pool: starts them, replaces those that die, stops them. It knows no task. No worker
/// outlives it, however its process ends. Linux only for now. Thread-safe.
/// </summary>
public sealed class Supervisor : IAsyncDisposable, IWorkerSource, IWorkerBackChannel, IWorkersView
{
    private readonly SupervisorLoop loop;
    private readonly SupervisorOptions options;
    private readonly Task running;
    private long finishedBefore;

    private Supervisor(SupervisorLoop loop, SupervisorOptions options)
    {
        this.loop = loop;
        this.options = options;
        running = Task.Run(RunAsync);
    }

    /// <summary>The name of the pool.</summary>
    public string PoolName => options.PoolName;

    /// <summary>
    /// One status per slot that is in use, by slot: an immutable picture, all of one moment. How many tasks each runs is
    /// asked of the pool at the call.
    /// </summary>
    public ImmutableArray<WorkerStatus> Workers =>
        [.. loop.Picture.Slots.Where(static s => s.State != SlotState.Empty).Select(WithLoad)];

    /// <summary>How many workers are doing what: <see cref="SupervisorCounts.Of"/> over <see cref="Workers"/>.</summary>
    public SupervisorCounts Counts => SupervisorCounts.Of(Workers);

    /// <summary>What was counted since the start; survives every worker.</summary>
    public SupervisorTotals Totals
    {
        get
        {
            var picture = loop.Picture;
            var finished = picture.Totals.TasksFinished + picture.Slots.Sum(s => WithLoad(s).TasksFinished);

            // Its pool forgets a dead worker a moment before the picture shows the death: a total must not fall meanwhile.
            for (var highest = Interlocked.Read(ref finishedBefore); ;)
            {
                var seen = Interlocked.CompareExchange(ref finishedBefore, Math.Max(highest, finished), highest);
                if (seen == highest)
                {
                    return picture.Totals with { TasksFinished = Math.Max(highest, finished) };
                }

                highest = seen;
            }
        }
    }

    /// <summary>Whether enough workers take tasks, and why not if they do not.</summary>
    public SupervisorReadiness Readiness => loop.Picture.Readiness;

    IWorkerBackChannel? IWorkerSource.BackChannel => this;

    /// <summary>How it was told to treat its workers.</summary>
    internal SupervisorOptions Options => options;

    /// <summary>How many workers are wanted now.</summary>
    internal int WorkersWanted => loop.Picture.Size.Workers;

    /// <summary>How many tasks those run at the same time, when all of them are there.</summary>
    internal int LanesWanted => (int)Math.Min(int.MaxValue, (long)WorkersWanted * options.Concurrency);

    /// <summary>What has happened, as far as it is kept.</summary>
    internal EventLog Events => loop.Events;

    /// <summary>Ends with its loop: as it was told, or with what made it fail.</summary>
    internal Task Running => running;

    /// <summary>The private directory of sockets and ledgers.</summary>
    internal string Directory => loop.Directory;

    /// <summary>
    /// Starts the workers and returns when the first of them is ready; the others follow. Cancellation stops what was
    /// started: workers that are still starting are killed at once.
    /// </summary>
    /// <param name="command">What a worker is started as.</param>
    /// <param name="options">How many, and how they are treated; null: the defaults.</param>
    /// <param name="time">Where time comes from; null: the system.</param>
    /// <param name="loggers">Where deaths and the workers' output are logged; null: nowhere.</param>
    /// <param name="cancellationToken">Ends the start, not the supervisor.</param>
    /// <exception cref="ArgumentException">A command or options that can never be used; names each of them.</exception>
    /// <exception cref="WorkerStartException">Every slot's first boot failed; nothing is left behind.</exception>
    /// <exception cref="IOException">Its private directory cannot be made in <see cref="SupervisorOptions.Directory"/>: the file system is full, for instance.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static async Task<Supervisor> StartAsync(
        WorkerCommand command,
        SupervisorOptions? options = null,
        TimeProvider? time = null,
        ILoggerFactory? loggers = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var supervisor = Begin(command, options, time, loggers);
        try
        {
            await supervisor.loop.FirstReady.WaitAsync(cancellationToken).ConfigureAwait(false);
            return supervisor;
        }
        catch
        {
            await supervisor.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts the workers and waits for none of them. Where no worker can boot it goes on trying, and its readiness says why.</summary>
    internal static Supervisor Begin(WorkerCommand command, SupervisorOptions? options, TimeProvider? time, ILoggerFactory? loggers)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("a Supervisor needs Linux: process groups, pidfd and posix_spawn. Start the workers in another way and use a pool over their addresses");
        }

        options ??= new SupervisorOptions();
        SupervisorOptionsCheck.Throw(command, options);
        var loop = new SupervisorLoop(command, options, time ?? TimeProvider.System, loggers ?? NullLoggerFactory.Instance, new Random());
        Unawaited.Observe(loop.FirstReady);
        return new Supervisor(loop, options);
    }

    /// <summary>
    /// Stops all workers at the same time: asks them to finish and leave, after <see cref="SupervisorOptions.DrainTimeout"/>
    /// sends SIGTERM, after <see cref="SupervisorOptions.TerminateGrace"/> SIGKILL to their groups, and logs who stayed. Those that are only
    /// starting get SIGKILL at once.
    /// May be called any number of times, from anywhere.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting; the stop goes on.</param>
    public Task StopAsync(CancellationToken cancellationToken = default)
    {
        loop.Tell(new SupervisorMessage.Stop());
        return running.WaitAsync(cancellationToken);
    }

    /// <summary>The same as <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        loop.Tell(new SupervisorMessage.Stop());

        // What made the loop fail, if anything did, has been logged and told to the pools; there is nothing to add here.
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Changes the number of workers. The missing are started; the superfluous finish what they have and leave. With 0 the
    /// supervisor keeps no worker, and its pool refuses tasks, until it is called again.
    /// </summary>
    /// <param name="workers">From 0 to 10 000.</param>
    /// <param name="cancellationToken">Ends the waiting; the change goes on.</param>
    /// <returns>
    /// When that many workers take tasks and the others are gone. Where several calls overlap, the last number counts, and all
    /// of them return then.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The supervisor has stopped, or stops meanwhile.</exception>
    public Task ScaleAsync(int workers, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workers, SupervisorOptionsCheck.MostWorkers);
        return ChangeAsync(
            (crew, now) => crew.Resize(crew.Size with { Workers = workers, Spares = options.SparesFor(workers) }, now),
            new Goal(static crew => crew.IsComplete),
            cancellationToken);
    }

    /// <summary>
    /// Replaces every worker: one after the other, each only when its replacement is ready, so that never fewer than the
    /// configured number take tasks; or all at the same time. Workers finish what they have.
    /// </summary>
    /// <param name="rolling">False: all at the same time.</param>
    /// <param name="cancellationToken">Ends the waiting; the restart goes on.</param>
    /// <returns>When every worker of before is gone and every place is served. A restart that begins meanwhile takes the work over; both return at its end.</returns>
    /// <exception cref="WorkerRestartException">New workers could not boot. Where old ones serve, at the first that fails, and they keep serving. Where none does (all at the same time,
    /// or none was left), when every new one that could be started has failed; nobody serves then, and the supervisor goes on trying.</exception>
    /// <exception cref="ObjectDisposedException">The supervisor has stopped, or stops meanwhile.</exception>
    public Task RestartAsync(bool rolling = true, CancellationToken cancellationToken = default)
    {
        var generation = 0;
        return ChangeAsync(
            (crew, now) =>
            {
                var actions = crew.Restart(rolling, rolling ? "rolling restart" : "restart", now);
                generation = crew.Generation;
                return actions;
            },
            new Goal(crew => crew.HasReached(generation), crew => crew.FailedGeneration >= generation, Options.Names),
            cancellationToken);
    }

    /// <summary>Replaces one worker: as soon as another is ready in its place it finishes what it has and leaves.</summary>
    /// <param name="worker">Which; nothing happens when it is gone already.</param>
    /// <param name="cancellationToken">Ends the waiting; the replacement goes on.</param>
    /// <returns>When it is gone, which its tasks may delay for as long as they take (<see cref="RecycleOptions.MaxDrain"/>).</returns>
    /// <exception cref="ObjectDisposedException">The supervisor has stopped, or stops meanwhile.</exception>
    public Task DrainAsync(WorkerId worker, CancellationToken cancellationToken = default)
    {
        Recycle(worker, "it was told to drain");
        return GoneAsync(worker, cancellationToken);
    }

    /// <summary>
    /// What happens from now on, or from an earlier point on that is still kept, in order and without gaps. Ends after the
    /// last event when the supervisor has stopped. Each enumeration reads at its own pace; a slow one holds nobody up and
    /// queues nothing, it only may find that <see cref="SupervisorOptions.KeptEvents"/> more events have passed it by.
    /// </summary>
    /// <param name="after">Begin with the event after this sequence; 0: with the first. Null: with the next that happens.</param>
    /// <param name="cancellationToken">Ends the watching with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No event has that number yet: it is of another supervisor.</exception>
    /// <exception cref="EventsLostException">Events after it are no longer kept, at the call or while watching; says how to go on.</exception>
    public IAsyncEnumerable<SupervisorEvent> WatchAsync(long? after = null, CancellationToken cancellationToken = default) =>
        loop.Events.WatchAsync(after, cancellationToken);

    /// <summary>Asks for a worker's end as its pool does, and waits for it to be observed.</summary>
    /// <param name="worker">Which; nothing happens when it is gone already.</param>
    /// <param name="reason">Why, for its death report.</param>
    /// <param name="grace">From SIGTERM to SIGKILL of its group.</param>
    /// <param name="cancellationToken">Ends the waiting; the worker is killed all the same.</param>
    /// <exception cref="ObjectDisposedException">The supervisor has stopped, or stops meanwhile.</exception>
    internal Task KillAsync(WorkerId worker, string reason, TimeSpan grace, CancellationToken cancellationToken = default)
    {
        ((IWorkerBackChannel)this).Kill(worker, reason, grace);
        return GoneAsync(worker, cancellationToken);
    }

    /// <summary>Ends when the loop has looked at a message that is sent now: the proof that it turns.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ObjectDisposedException">The supervisor has stopped.</exception>
    internal Task AnswerAsync(CancellationToken cancellationToken) => ChangeAsync(static (_, _) => [], new Goal(static _ => true), cancellationToken);

    ChannelReader<WorkerSet> IWorkerSource.Subscribe() => loop.Feed.Subscribe();

    void IWorkerBackChannel.Kill(WorkerId worker, string reason, TimeSpan grace) =>
        loop.Tell(new SupervisorMessage.Request(worker, now => new SlotEvent.KillRequested(now, worker.Incarnation, reason, grace)));

    void IWorkerBackChannel.Reject(WorkerId worker, string reason) =>
        loop.Tell(new SupervisorMessage.Request(worker, now => new SlotEvent.Rejected(now, worker.Incarnation, reason)));

    void IWorkerBackChannel.PrepareReplacement(WorkerId worker) =>
        loop.Tell(new SupervisorMessage.Request(worker, now => new SlotEvent.ReplacementNeededSoon(now, worker.Incarnation)));

    void IWorkerBackChannel.Recycle(WorkerId worker, string reason) => Recycle(worker, reason);

    void IWorkerBackChannel.ReportLoad(Func<WorkerId, WorkerLoad> load) => loop.ReportLoad(load);

    private async Task RunAsync()
    {
        // Whoever started it may be inside a span of his own; what happens from now on has nothing to do with that.
        Activity.Current = null;
        SupervisionMeter.Supervisors.Add(this);
        try
        {
            await loop.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            SupervisionMeter.Supervisors.Remove(this);
        }
    }

    private WorkerStatus WithLoad(WorkerStatus status)
    {
        if (status.Pid == 0)
        {
            return status;
        }

        var load = loop.LoadOf(status.Id);
        return load == WorkerLoad.None
            ? status
            : status with { RunningTasks = load.RunningTasks.Length, TasksFinished = load.Finished };
    }

    private void Recycle(WorkerId worker, string reason) =>
        loop.Tell(new SupervisorMessage.Request(worker, now => new SlotEvent.RecycleRequested(now, worker.Incarnation, reason)));

    private Task GoneAsync(WorkerId worker, CancellationToken cancellationToken) => ChangeAsync(
        static (_, _) => [],
        new Goal(crew => !crew.Slots.Any(s => s.Number == worker.Slot && s.Machine.Incarnation == worker.Incarnation && s.IsOccupied)),
        cancellationToken);

    private async Task ChangeAsync(Func<Crew, TimeSpan, ImmutableArray<CrewAction>> change, Goal goal, CancellationToken cancellationToken)
    {
        if (!loop.TryTell(new SupervisorMessage.Change(change, goal)))
        {
            goal.GiveUp();
        }

        try
        {
            await goal.Reached.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            goal.Forget();
            throw;
        }
    }
}
