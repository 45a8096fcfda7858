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
    // The longest that a pool may be given; how long it really is this host says, at the stop and not before.
    private static readonly TimeSpan LongestDrain = TimeSpan.FromDays(1);

    private readonly ILoggerFactory loggers;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly List<Task> leaving = [];
    private readonly CancellationTokenSource hurried = new();
    private readonly int largestMessage;
    private HostSettings settings;

    /// <summary>Starts the pools, without waiting for a worker.</summary>
    public PoolRoster(HostSettings settings, ILoggerFactory loggers, TimeProvider time)
    {
        this.settings = settings;
        this.loggers = loggers;
        this.time = time;
        logger = loggers.CreateLogger("WorkerHost.Host");
        largestMessage = settings.Pools.Select(static pool => pool.Options.MaxMessageBytes).DefaultIfEmpty(ProtocolLimits.DefaultMaxMessageBytes).Max();
        Pools = new HostedPools(settings.Pools.Select(Begin));
    }

    public HostedPools Pools { get; }

    /// <summary>How long a stop may take if it begins now: what accepted tasks may take, and the graces of those that are then cancelled.</summary>
    public TimeSpan LongestStop => Volatile.Read(ref settings) is var now
        ? now.Pools.Select(pool => (now.DrainTimeout ?? pool.Options.DrainTimeout) + pool.Options.CancelGrace + pool.Options.TerminateGrace).DefaultIfEmpty().Max()
        : default;

    /// <summary>Makes the pools as these settings say. What cannot be started leaves everything of its pool as it is, and is told.</summary>
    /// <param name="wanted">Without an error.</param>
    /// <param name="endpoints">Told of pools that leave.</param>
    /// <param name="cancellationToken">Gives up waiting for a pool that is to replace another.</param>
    public async Task<ReloadResult> ApplyAsync(HostSettings wanted, PoolEndpoints endpoints, CancellationToken cancellationToken)
    {
        var plan = ReloadPlan.Between(settings, wanted, largestMessage);
        settings = settings with { DrainTimeout = wanted.DrainTimeout };
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
            if (await ReplaceAsync(change.Pool, endpoints, cancellationToken).ConfigureAwait(false) is { } problem)
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
            Pools.Replace(Pools.All.Remove(gone), leaves: gone);
            Leave(gone, endpoints);
        }

        Pools.Replace([.. Pools.All, .. plan.Added.Select(Begin)]);

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
            Applied = plan.Applied,
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

    private HostedPool Begin(ConfiguredPool pool) =>
        new(pool.Name, EmbeddedWorkerPool.Begin(pool.Command, pool.Options with { LoggerFactory = loggers, TimeProvider = time, DrainTimeout = LongestDrain, Names = HostSettingNames.Of(pool.Name) }))
        {
            DrainTimeout = pool.Options.DrainTimeout,
        };

    /// <summary>Null: another is in its place. Else why not.</summary>
    private async Task<string?> ReplaceAsync(ConfiguredPool pool, PoolEndpoints endpoints, CancellationToken cancellationToken)
    {
        var made = Begin(pool);
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
        Pools.Replace([.. Pools.All.Remove(old), made], leaves: old);
        Leave(old, endpoints);
        return null;
    }

    private async Task<bool> IsReadyAsync(HostedPool pool, EmbeddedPoolOptions options, CancellationToken cancellationToken)
    {
        // The supervisor ends a boot that takes longer; the next one is tried at once.
        var patience = options.Supervision.BootTimeout + TimeSpan.FromSeconds(5);
        var decided = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var following = PoolState.FollowAsync(pool, Decide, end.Token);
        try
        {
            return await decided.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        void Decide(PoolState state)
        {
            if (state.IsReady || state.IsCrashLooping)
            {
                decided.TrySetResult(state.IsReady);
            }
        }
    }

    private void Leave(HostedPool pool, PoolEndpoints endpoints)
    {
        endpoints.Leave(pool);
        leaving.RemoveAll(static task => task.IsCompletedSuccessfully);
        leaving.Add(LeaveAsync(pool));
    }

    private async Task LeaveAsync(HostedPool pool)
    {
        await StopAsync(pool, hurried.Token).ConfigureAwait(false);
        Pools.Gone(pool);
    }

    private async Task StopAsync(HostedPool pool, CancellationToken hurry)
    {
        try
        {
            using var limit = new CancellationTokenSource(settings.DrainTimeout ?? pool.DrainTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, hurry);
            await pool.Pool.StopAsync(StopMode.Finish, either.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The other pools are stopped all the same.
            HostMessages.PoolNotStopped(logger, e, $"{pool.Name}: {e.Message}");
        }
    }
}
