using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging.Abstractions;

namespace WorkerHost;

/// <summary>
/// Queues tasks, gives them to worker processes, retries what may be retried and completes futures. Get one with
/// <c>WorkerPool.StartAsync</c> (workers of its own) or <see cref="ConnectAsync(IEnumerable{string}, WorkerPoolOptions?, CancellationToken)"/>
/// (endpoints that are there already). Thread-safe; dispose it to stop.
/// </summary>
public sealed partial class WorkerPool : IAsyncDisposable
{
    private readonly WorkerPoolOptions options;
    private readonly Client.DispatchLoop loop;
    private readonly Client.EndpointConnector connector;
    private readonly Client.RetryOwner retries;
    private readonly Client.KnownTasks known;
    private readonly Client.PoolIdentity identity;
    private readonly IWorkerSource source;
    private readonly IAsyncDisposable? ownedSource;
    private readonly Lock stopLock = new();
    private readonly CancellationTokenSource hurry = new();
    private Task? stopping;
    private ulong lastNumber;
    private long refused;

    internal WorkerPool(IWorkerSource source, IAsyncDisposable? ownedSource, WorkerPoolOptions options, Random random)
    {
        this.options = options;
        this.source = source;
        this.ownedSource = ownedSource;
        var logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("WorkerHost.Pool");
        identity = new Client.PoolIdentity(options.Name, string.Create(CultureInfo.InvariantCulture, $"{options.Name}-{random.Next():x8}"), logger);
        known = new Client.KnownTasks(options.KeptOutcomes, options.TimeProvider);
        retries = new Client.RetryOwner(options.Retry, options.AttemptPipeline, options.AttemptPipelines, options.TimeProvider, logger, options.Jitter);
        loop = new Client.DispatchLoop(
            new Client.DispatcherOptions
            {
                QueueCapacity = options.QueueCapacity,
                QueueBytes = options.QueueBytes,
                AdmitByDeadline = options.AdmitByDeadline,
                QuarantineAfter = options.QuarantineAfter,
                IdPrefix = identity.IdPrefix,
                Names = options.Names,
                CancelGrace = options.CancelGrace,
                TerminateGrace = options.TerminateGrace,
                ExpiredCancelGrace = options.ExpiredCancelGrace,
                KillSharedWorkers = options.KillSharedWorkers,
                ExpiredTerminateGrace = options.ExpiredTerminateGrace,
            },
            options.TimeProvider,
            retries,
            source.BackChannel,
            logger);
        source.BackChannel?.ReportLoad(LoadOf);
        connector = new Client.EndpointConnector(
            source,
            loop,
            options.Name,
            identity.IdPrefix,
            new Client.TransportOptions { MaxMessageBytes = options.MaxMessageBytes, Random = random, Time = options.TimeProvider, WrapSocket = options.WrapSocket, Patience = options.HostPatience, Names = options.Names },
            logger);
        connector.Start();
        Client.PoolMeter.Pools.Add(this);
    }

    /// <summary>The pool's name.</summary>
    public string Name => options.Name;

    /// <summary>Tasks that wait in the queue.</summary>
    public int QueuedTasks => loop.Load.Queued;

    /// <summary>Accepted tasks of which something still waits or runs.</summary>
    public int UnsettledTasks => loop.Load.Unsettled;

    /// <summary>Outcomes that came after their task had ended and were dropped.</summary>
    public long LateOutcomes => loop.LateOutcomes;

    /// <summary>
    /// Tasks that are not run any more because workers died of them (<see cref="WorkerPoolOptions.QuarantineAfter"/>), oldest
    /// first: a snapshot of at most the last 1000. Whoever submits one of these ids again is refused with
    /// <see cref="TaskFailureKind.Quarantined"/>.
    /// </summary>
    public IReadOnlyList<QuarantinedTask> Quarantined => loop.Quarantined;

    /// <summary>Takes a task out of quarantine: its id may be submitted again, and has a clean record.</summary>
    /// <param name="id">The task's id, as in <see cref="QuarantinedTask.Id"/>.</param>
    /// <returns>False: it is not in quarantine.</returns>
    public bool Release(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return loop.Release(id);
    }

    /// <summary>
    /// A pool over endpoints that are there already. It promises less than one with workers of its own: it cannot
    /// force a running task to stop, and it does not observe deaths, so what was under way on a lost connection may
    /// have run and may still be running when an idempotent task is tried again. Over hosts, with pools of their own, tasks go on while a connection is
    /// gone, the host tries them again, and its failures are final; a task is lost only when the host was restarted or stays away.
    /// </summary>
    /// <param name="addresses"><c>unix:///path/to/socket</c>, <c>http://host:port</c> or <c>https://host:port</c>, one or more.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <returns>When the first endpoint is connected; the others are connected, and lost ones reconnected, behind.</returns>
    /// <exception cref="ArgumentException">An address or option cannot be used.</exception>
    /// <exception cref="IOException">No endpoint can be reached; the message has the reason of each.</exception>
    public static async Task<WorkerPool> ConnectAsync(IEnumerable<string> addresses, WorkerPoolOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        return await ConnectAsync(addresses.Select(static a => new EndpointAddress(a)), options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for endpoints that want a secret or, without sessions, run several tasks at the same time.</summary>
    /// <inheritdoc cref="ConnectAsync(IEnumerable{string}, WorkerPoolOptions?, CancellationToken)"/>
    /// <param name="endpoints">One or more.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    public static async Task<WorkerPool> ConnectAsync(IEnumerable<EndpointAddress> endpoints, WorkerPoolOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        options ??= new WorkerPoolOptions();
        options.ThrowIfInvalid();
        var list = endpoints.ToList();
        if (list.Count == 0)
        {
            throw new ArgumentException("no address was given; a pool needs one or more", nameof(endpoints));
        }

        var pool = new WorkerPool(new Client.AddressList(options.Name, list), null, options, NewRandom());
        try
        {
            await pool.connector.FirstConnected.WaitAsync(cancellationToken).ConfigureAwait(false);
            return pool;
        }
        catch
        {
            await pool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc cref="ConnectAsync(IEnumerable{string}, WorkerPoolOptions?, CancellationToken)"/>
    /// <param name="address">The one endpoint.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    public static Task<WorkerPool> ConnectAsync(string address, WorkerPoolOptions? options = null, CancellationToken cancellationToken = default) =>
        ConnectAsync([address], options, cancellationToken);

    /// <inheritdoc cref="ConnectAsync(IEnumerable{EndpointAddress}, WorkerPoolOptions?, CancellationToken)"/>
    /// <param name="endpoint">The one endpoint.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    public static Task<WorkerPool> ConnectAsync(EndpointAddress endpoint, WorkerPoolOptions? options = null, CancellationToken cancellationToken = default) =>
        ConnectAsync([endpoint], options, cancellationToken);

    /// <summary>
    /// Takes no new tasks and ends when everything accepted has ended and the workers are stopped. Calling it again
    /// joins the stop that is under way.
    /// </summary>
    /// <param name="mode">
    /// What becomes of tasks that have not ended. Whatever it is, what has not ended after <see cref="WorkerPoolOptions.DrainTimeout"/> is
    /// cancelled. A later call may ask for more and not for less.
    /// </param>
    /// <param name="cancellationToken">Hurries: what has not ended when it is cancelled is cancelled, too. It does not abandon the stop.</param>
    /// <exception cref="ArgumentOutOfRangeException">The mode is none; nothing was stopped.</exception>
    public async Task StopAsync(StopMode mode = StopMode.Finish, CancellationToken cancellationToken = default)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "not a StopMode");
        }

        // Before the first await: who does not wait for the stop may rely on nothing being accepted, and on nothing beginning
        // that is to be cancelled, after the call all the same.
        loop.BeginStop();
        if (mode == StopMode.CancelWaiting)
        {
            loop.CancelWaiting();
        }
        else if (mode == StopMode.Finish)
        {
            loop.Resume();
        }

        Task stop;
        lock (stopLock)
        {
            stop = stopping ??= Task.Run(StopOnceAsync, CancellationToken.None);
        }

        if (mode == StopMode.CancelAll)
        {
            await hurry.CancelAsync().ConfigureAwait(false);
        }

        using (cancellationToken.UnsafeRegister(static h => ((CancellationTokenSource)h!).Cancel(), hurry))
        {
            await stop.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Stops the pool: no new tasks; accepted ones may finish for <see cref="WorkerPoolOptions.DrainTimeout"/>, then the
    /// rest is cancelled; then the workers are stopped. May be called several times and from several threads. What fails
    /// is thrown at the end, when everything was stopped.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
    }

    internal long RefusedTasks => Interlocked.Read(ref refused);

    internal Client.DispatchCounts Counts => loop.Counts;

    internal int QuarantinedCount => loop.QuarantinedCount;

    internal WorkerLoad LoadOf(WorkerId worker) => loop.LoadOf(worker, identity.IdPrefix);

    /// <summary>Where the pool learns of its workers.</summary>
    internal IWorkerSource Source => source;

    internal static Random NewRandom() => new();

    internal Task FirstConnected => connector.FirstConnected;

    private async Task StopOnceAsync()
    {
        using (var limit = new CancellationTokenSource(options.DrainTimeout, options.TimeProvider))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, hurry.Token))
        {
            try
            {
                await loop.Drained.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                loop.CancelAll();
            }
        }

        // What was cancelled still has its graces; after them even a stubborn task is gone. Without a supervisor nobody
        // can force it: then the end of the connection has to do.
        var longest = options.CancelGrace + options.TerminateGrace + TimeSpan.FromSeconds(5);
        try
        {
            await loop.Drained.WaitAsync(longest, options.TimeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Its futures have ended; only the handlers' ends were awaited.
        }

        connector.HalfCloseAll();
        ExceptionDispatchInfo? failed = null;
        foreach (var part in new[] { ownedSource, connector, retries })
        {
            try
            {
                if (part is not null)
                {
                    await part.DisposeAsync().ConfigureAwait(false);
                }
            }
            catch (Exception e)
            {
                // What this part leaves behind is no reason to leave more.
                failed ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        loop.Dispose();
        Client.PoolMeter.Pools.Remove(this);
        failed?.Throw();
    }
}
