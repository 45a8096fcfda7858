using Grpc.Health.V1;
using Grpc.HealthCheck;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// The standard health service: "" is whether the host takes tasks, <c>workerhost.v1.TaskEndpoint</c> whether every pool has enough workers for them, and the
/// name of a pool whether that one has. Follows the pools as they come, flip and go.
/// </summary>
internal sealed partial class PoolHealth : IAsyncDisposable
{
    private const string AllPools = "workerhost.v1.TaskEndpoint";

    private readonly Lock gate = new();
    private readonly Dictionary<string, (HostedPool Pool, bool IsReady)> shown = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stop = new();
    private readonly HostedPools pools;
    private readonly ILogger logger;
    private readonly Task following;
    private bool draining;

    public PoolHealth(HostedPools pools, ILogger logger)
    {
        this.pools = pools;
        this.logger = logger;
        Service.SetStatus("", HealthCheckResponse.Types.ServingStatus.Serving);
        Service.SetStatus(AllPools, HealthCheckResponse.Types.ServingStatus.NotServing);
        following = FollowAsync();
    }

    public HealthServiceImpl Service { get; } = new();

    /// <summary>The host takes nothing more, whatever its pools could do.</summary>
    public void Drain()
    {
        lock (gate)
        {
            draining = true;
            Service.SetStatus("", HealthCheckResponse.Types.ServingStatus.NotServing);
            foreach (var name in shown.Keys)
            {
                Show(name);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await following.ConfigureAwait(false);
        stop.Dispose();
    }

    private async Task FollowAsync()
    {
        var watched = new Dictionary<HostedPool, (CancellationTokenSource End, Task Watching)>(ReferenceEqualityComparer.Instance);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var changed = pools.Changed;
                var now = pools.All;
                foreach (var added in now.Where(hosted => !watched.ContainsKey(hosted)))
                {
                    Adopt(added);
                    var end = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                    watched.Add(added, (end, WatchAsync(added, end.Token)));
                }

                foreach (var gone in watched.Keys.Except(now).ToList())
                {
                    watched.Remove(gone, out var watch);
                    await watch.End.CancelAsync().ConfigureAwait(false);
                    await watch.Watching.ConfigureAwait(false);
                    watch.End.Dispose();
                    Forget(gone);
                }

                await changed.WaitAsync(stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }

        foreach (var (end, watching) in watched.Values)
        {
            await watching.ConfigureAwait(false);
            end.Dispose();
        }
    }

    private async Task WatchAsync(HostedPool hosted, CancellationToken cancellationToken)
    {
        try
        {
            await PoolState.FollowAsync(hosted, state => Tell(hosted, state.IsReady), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Nobody asks any more.
        }
        catch (Exception e)
        {
            Log.Broke(logger, hosted.Name, e);
        }
    }

    /// <summary>From now on its name says how it is, whatever pool had the name before.</summary>
    private void Adopt(HostedPool hosted)
    {
        lock (gate)
        {
            shown[hosted.Name] = (hosted, PoolState.Of(hosted).IsReady);
            Show(hosted.Name);
        }
    }

    private void Tell(HostedPool hosted, bool isReady)
    {
        lock (gate)
        {
            if (shown.TryGetValue(hosted.Name, out var before) && before.Pool == hosted && before.IsReady != isReady)
            {
                shown[hosted.Name] = (hosted, isReady);
                Show(hosted.Name);
            }
        }
    }

    private void Forget(HostedPool hosted)
    {
        lock (gate)
        {
            if (shown.TryGetValue(hosted.Name, out var last) && last.Pool == hosted)
            {
                shown.Remove(hosted.Name);
                Service.ClearStatus(hosted.Name);
                ShowAll();
            }
        }
    }

    private void Show(string name)
    {
        Service.SetStatus(name, StatusOf(shown[name].IsReady));
        ShowAll();
    }

    private void ShowAll() => Service.SetStatus(AllPools, StatusOf(shown.Count > 0 && shown.Values.All(static pool => pool.IsReady)));

    private HealthCheckResponse.Types.ServingStatus StatusOf(bool isReady) =>
        isReady && !draining ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "the health of pool {Pool} is not followed any more")]
        public static partial void Broke(ILogger logger, string pool, Exception exception);
    }
}
