using WorkerHost.Sidecar.Admin;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// The pools that a host runs, as its configuration says: starts them, and makes them as another configuration says, those that have changed
/// and no others. Used by one caller at a time.
/// </summary>
internal sealed class PoolRoster
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly ILoggerFactory loggers;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly List<Task> leaving = [];
    private readonly CancellationTokenSource hurried = new();
    private HostSettings settings;

    /// <summary>Starts the pools, without waiting for a worker.</summary>
    public PoolRoster(HostSettings settings, ILoggerFactory loggers, TimeProvider time)
    {
        this.settings = settings;
        this.loggers = loggers;
        this.time = time;
        logger = loggers.CreateLogger("WorkerHost.Host");
        Pools = new HostedPools(settings.Pools.Select(pool => Begin(pool, settings)));
    }

    public HostedPools Pools { get; }

    /// <summary>Makes the pools as these settings say. What cannot be started leaves everything of its pool as it is, and is told.</summary>
    /// <param name="wanted">Without an error.</param>
    /// <param name="endpoints">Told of pools that leave.</param>
    /// <param name="cancellationToken">Gives up waiting for a pool that is to replace another.</param>
    public async Task<ReloadResult> ApplyAsync(HostSettings wanted, PoolEndpoints endpoints, CancellationToken cancellationToken)
    {
        var plan = ReloadPlan.Between(settings, wanted);
        var failed = new List<string>();
        foreach (var pool in plan.Scaled)
        {
            await Pools.Find(pool.Name).Pool.Supervisor.ScaleAsync(pool.Options.Workers ?? Environment.ProcessorCount, cancellationToken).ConfigureAwait(false);
            Took(pool);
        }

        var replaced = new List<string>();
        foreach (var change in plan.Replaced)
        {
            HostMessages.Replacing(logger, change.Pool.Name, string.Join(", ", change.Changed));
            if (await ReplaceAsync(change.Pool, wanted, endpoints, cancellationToken).ConfigureAwait(false) is { } problem)
            {
                failed.Add(problem);
            }
            else
            {
                Took(change.Pool);
                replaced.Add(change.Pool.Name);
            }
        }

        foreach (var name in plan.Removed)
        {
            var gone = Pools.Find(name);
            Pools.Replace(Pools.All.Remove(gone));
            Leave(gone, endpoints);
        }

        Pools.Replace([.. Pools.All, .. plan.Added.Select(pool => Begin(pool, wanted))]);

        // What could not be replaced is still what it was.
        settings = wanted with { Pools = [.. settings.Pools.Where(pool => !plan.Removed.Contains(pool.Name)), .. plan.Added] };
        return new ReloadResult
        {
            Failed = [.. failed],
            Added = [.. plan.Added.Select(static pool => pool.Name)],
            Removed = plan.Removed,
            Replaced = [.. replaced, .. plan.Scaled.Select(static pool => pool.Name)],
            Unchanged = [.. Pools.All.Select(static pool => pool.Name).Except(replaced).Except(plan.Added.Concat(plan.Scaled).Select(static pool => pool.Name))],
            NeedsRestart = plan.NeedRestart,
        };
    }

    /// <summary>Lets accepted tasks finish, and stops all workers.</summary>
    /// <param name="hurry">What has not ended when it is cancelled is cancelled, too.</param>
    public async Task StopAsync(CancellationToken hurry)
    {
        using var registration = hurry.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), hurried);
        await Task.WhenAll(Pools.All.Select(pool => StopAsync(pool, hurried.Token))).ConfigureAwait(false);
        await Task.WhenAll(leaving).ConfigureAwait(false);
    }

    /// <summary>From now on the host runs with this one.</summary>
    private void Took(ConfiguredPool pool) => settings = settings with { Pools = [.. settings.Pools.Select(old => old.Name == pool.Name ? pool : old)] };

    private HostedPool Begin(ConfiguredPool pool, HostSettings its) => new(
        pool.Name,
        EmbeddedWorkerPool.Begin(pool.Command, pool.Options with
        {
            LoggerFactory = loggers,
            TimeProvider = time,
            DrainTimeout = its.DrainTimeout ?? pool.Options.DrainTimeout,
        }));

    /// <summary>Null: another is in its place. Else why not.</summary>
    private async Task<string?> ReplaceAsync(ConfiguredPool pool, HostSettings wanted, PoolEndpoints endpoints, CancellationToken cancellationToken)
    {
        var made = Begin(pool, wanted);
        bool isReady;
        try
        {
            isReady = await IsReadyAsync(made, pool.Options, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            leaving.Add(StopAsync(made, new CancellationToken(canceled: true)));
            throw;
        }

        if (!isReady)
        {
            var why = made.Pool.Supervisor.Readiness.Reason;
            leaving.Add(StopAsync(made, new CancellationToken(canceled: true)));
            return $"pool {pool.Name}: with the new configuration no worker got ready ({why}); the old one keeps serving";
        }

        var old = Pools.Find(pool.Name);
        Pools.Replace([.. Pools.All.Remove(old), made]);
        Leave(old, endpoints);
        return null;
    }

    private async Task<bool> IsReadyAsync(HostedPool pool, EmbeddedPoolOptions options, CancellationToken cancellationToken)
    {
        // The supervisor ends a boot that takes longer; the next one is tried at once.
        var patience = options.Supervision.BootTimeout + TimeSpan.FromSeconds(5);
        var since = time.GetTimestamp();
        while (!pool.Pool.Supervisor.Readiness.IsReady)
        {
            if (time.GetElapsedTime(since) > patience || pool.Pool.Workers.Any(static worker => worker.State == SlotState.CrashLooping))
            {
                return false;
            }

            await Task.Delay(LookEvery, time, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private void Leave(HostedPool pool, PoolEndpoints endpoints)
    {
        endpoints.Leave(pool);
        leaving.RemoveAll(static task => task.IsCompletedSuccessfully);
        leaving.Add(StopAsync(pool, hurried.Token));
    }

    private async Task StopAsync(HostedPool pool, CancellationToken hurry)
    {
        try
        {
            await pool.Pool.StopAsync(StopMode.Finish, hurry).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The other pools are stopped all the same.
            HostMessages.PoolNotStopped(logger, e, $"{pool.Name}: {e.Message}");
        }
    }
}
