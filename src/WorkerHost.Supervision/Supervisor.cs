using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Supervision;

namespace WorkerHost;

/// <summary>
/// Owns the worker processes of one pool: starts them, replaces those that die, stops them. It knows no task. No worker
/// outlives it, however its process ends. Linux only for now. Thread-safe.
/// </summary>
public sealed class Supervisor : IAsyncDisposable, IWorkerSource, IWorkerBackChannel
{
    private readonly SupervisorLoop loop;
    private readonly Task running;

    private Supervisor(SupervisorLoop loop)
    {
        this.loop = loop;
        running = Task.Run(loop.RunAsync);
    }

    /// <summary>
    /// One status per slot, by slot: an immutable picture, made anew at every change.
    /// </summary>
    public ImmutableArray<WorkerStatus> Workers => loop.Statuses;

    IWorkerBackChannel? IWorkerSource.BackChannel => this;

    /// <summary>The private directory of sockets and ledgers.</summary>
    internal string Directory => loop.Directory;

    /// <summary>
    /// Starts the workers and returns when the first of them is ready; the others follow. Cancellation stops what was
    /// started.
    /// </summary>
    /// <param name="command">What a worker is started as.</param>
    /// <param name="options">How many, and how they are treated; null: the defaults.</param>
    /// <param name="time">Where time comes from; null: the system.</param>
    /// <param name="loggers">Where deaths and the workers' output are logged; null: nowhere.</param>
    /// <param name="cancellationToken">Ends the start, not the supervisor.</param>
    /// <exception cref="ArgumentException">Options that cannot be used; names each of them.</exception>
    /// <exception cref="WorkerStartException">Every slot's first boot failed; nothing is left behind.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static async Task<Supervisor> StartAsync(
        WorkerCommand command,
        SupervisorOptions? options = null,
        TimeProvider? time = null,
        ILoggerFactory? loggers = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("a Supervisor needs Linux: process groups, pidfd and posix_spawn. Start the workers in another way and use a pool over their addresses");
        }

        options ??= new SupervisorOptions();
        SupervisorOptionsCheck.Throw(options);
        cancellationToken.ThrowIfCancellationRequested();
        var loop = new SupervisorLoop(command, options, time ?? TimeProvider.System, loggers ?? NullLoggerFactory.Instance, new Random());
        var supervisor = new Supervisor(loop);
        try
        {
            await loop.FirstReady.WaitAsync(cancellationToken).ConfigureAwait(false);
            return supervisor;
        }
        catch
        {
            await supervisor.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Stops all workers at the same time: asks them to finish and leave, after <see cref="SupervisorOptions.DrainTimeout"/>
    /// sends SIGTERM, after <see cref="SupervisorOptions.TerminateGrace"/> SIGKILL to their groups, and logs who stayed.
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

    ChannelReader<WorkerSet> IWorkerSource.Subscribe() => loop.Feed.Subscribe();

    void IWorkerBackChannel.Kill(WorkerId worker, string reason, TimeSpan grace) =>
        loop.Tell(new SupervisorMessage.Kill(worker, reason, grace));

    void IWorkerBackChannel.Reject(WorkerId worker, string reason) => loop.Tell(new SupervisorMessage.Reject(worker, reason));

    void IWorkerBackChannel.Recycle(WorkerId worker, string reason) => loop.Tell(new SupervisorMessage.Recycle(worker, reason));

    void IWorkerBackChannel.ReportLoad(Func<WorkerId, WorkerLoad> load) => loop.ReportLoad(load);
}
