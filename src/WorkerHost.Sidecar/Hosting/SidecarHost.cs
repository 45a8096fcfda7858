using System.Globalization;
using System.Security.Cryptography;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// A running host: its pools, and the listeners before them. It serves as soon as it listens, whether its workers are up or not; one that
/// cannot be booted is its pool's affair.
/// </summary>
internal sealed class SidecarHost : IAsyncDisposable
{
    // What was answered last still has to reach the wire.
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);

    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly PrivateDirectory directory;
    private readonly HostedPools pools;
    private readonly PoolEndpoints endpoints;
    private DataPlane? data;
    private Task? stopping;

    private SidecarHost(HostSettings settings, ILoggerFactory loggers, TimeProvider time)
    {
        this.time = time;
        Instance = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 12);
        logger = loggers.CreateLogger("WorkerHost.Host");
        directory = new PrivateDirectory(Path.GetTempPath());
        pools = new HostedPools(settings.Pools.Select(pool => Begin(pool, settings, loggers, time)));
        endpoints = new PoolEndpoints(pools, Instance, settings.Data.AbandonAfter, time, loggers.CreateLogger("WorkerHost.Gateway"));
    }

    /// <summary>Another one with every start.</summary>
    public string Instance { get; }

    public HostedPools Pools => pools;

    /// <summary>Where it is found.</summary>
    public HostEndpoints Endpoints { get; private set; } = null!;

    /// <summary>Returns when it listens.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="loggers">Belong to the caller.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up; what was started is stopped.</param>
    /// <exception cref="IOException">It cannot listen where it should, or its directory cannot be made; says what and which setting.</exception>
    public static async Task<SidecarHost> StartAsync(HostSettings settings, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var host = new SidecarHost(settings, loggers, time);
        try
        {
            await host.ListenAsync(settings, loggers, cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Takes nothing new, lets accepted tasks finish within the drain timeouts of their pools, answers every call, and stops the workers. Calling it
    /// again joins the stop that is under way.
    /// </summary>
    /// <param name="reason">For the log and whoever asks.</param>
    /// <param name="hurry">What has not ended when it is cancelled is cancelled, too.</param>
    public Task StopAsync(string reason, CancellationToken hurry) => stopping ??= StopOnceAsync(reason, hurry);

    public async ValueTask DisposeAsync() => await StopAsync("it is disposed of", new CancellationToken(canceled: true)).ConfigureAwait(false);

    /// <summary>Without waiting for a worker.</summary>
    private static HostedPool Begin(ConfiguredPool pool, HostSettings settings, ILoggerFactory loggers, TimeProvider time) => new(
        pool.Name,
        EmbeddedWorkerPool.Begin(pool.Command, pool.Options with
        {
            LoggerFactory = loggers,
            TimeProvider = time,
            DrainTimeout = settings.DrainTimeout ?? pool.Options.DrainTimeout,
        }));

    private async Task ListenAsync(HostSettings settings, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var socket = settings.Data.Socket is { } named ? Path.GetFullPath(named) : Path.Combine(directory.Path, "data.sock");
        var largest = pools.All.Max(static pool => pool.Pool.MaxMessageBytes);
        data = await DataPlane.StartAsync(socket, endpoints, largest, loggers, cancellationToken).ConfigureAwait(false);
        Endpoints = new HostEndpoints
        {
            Instance = Instance,
            Pid = Environment.ProcessId,
            Data = data.Addresses,
            TokenFile = settings.Data.TokenFile,
            AdminTokenFile = settings.Admin.TokenFile,
        };
        HostLog.Serves(logger, Instance, Environment.ProcessId, pools.All.Length, string.Join(", ", data.Addresses));
    }

    private async Task StopOnceAsync(string reason, CancellationToken hurry)
    {
        HostLog.Stops(logger, Instance, reason);
        endpoints.Drain();
        await Task.WhenAll(pools.All.Select(pool => StopPoolAsync(pool, hurry))).ConfigureAwait(false);
        await Task.WhenAny(endpoints.Empty, Task.Delay(LastAnswers, time, CancellationToken.None)).ConfigureAwait(false);
        if (data is not null)
        {
            await data.DisposeAsync().ConfigureAwait(false);
        }

        directory.Dispose();
        HostLog.Stopped(logger, Instance);
    }

    private async Task StopPoolAsync(HostedPool pool, CancellationToken hurry)
    {
        try
        {
            await pool.Pool.StopAsync(StopMode.Finish, hurry).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The other pools are stopped all the same.
            HostLog.PoolNotStopped(logger, e, string.Create(CultureInfo.InvariantCulture, $"{pool.Name}: {e.Message}"));
        }
    }
}
