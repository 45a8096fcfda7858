using Grpc.Core;
using Grpc.Health.V1;

namespace WorkerHost.Supervision;

/// <summary>
/// Waits until a worker's standard health service says SERVING: by Watch, which tells at once; by Check again and
/// again where there is no Watch. It never gives up by itself: the slot's boot timer does that.
/// </summary>
internal sealed class ReadinessProbe(LaunchPlan plan, WorkerPeer peer, BootSteps steps, TimeProvider time)
{
    private readonly WorkerConnector connector = new(plan, peer, steps, time);
    private bool watches = true;

    /// <summary>Returns when the worker is ready; ends otherwise only by <paramref name="cancel"/>.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var channel = new WorkerChannel(connector, plan.Secret);
        var health = new Health.HealthClient(channel.Channel);
        while (!await TryAsync(health, channel.Headers, cancel).ConfigureAwait(false))
        {
            await connector.PauseAsync(cancel).ConfigureAwait(false);
            steps.LookIntoLedger();
        }

        steps.Reach("serving");
    }

    private async Task<bool> TryAsync(Health.HealthClient health, Func<Metadata> headers, CancellationToken cancel)
    {
        try
        {
            return watches
                ? await WatchAsync(health, headers, cancel).ConfigureAwait(false)
                : IsServing((await health.CheckAsync(new HealthCheckRequest(), headers(), cancellationToken: cancel).ConfigureAwait(false)).Status);
        }
        catch (RpcException e) when (!cancel.IsCancellationRequested)
        {
            steps.Meet($"health: {e.StatusCode} {e.Status.Detail}");
            watches &= e.StatusCode != StatusCode.Unimplemented;
            return false;
        }
        catch (RpcException e)
        {
            throw new OperationCanceledException("the probe was cancelled", e, cancel);
        }
    }

    private async Task<bool> WatchAsync(Health.HealthClient health, Func<Metadata> headers, CancellationToken cancel)
    {
        using var call = health.Watch(new HealthCheckRequest(), headers(), cancellationToken: cancel);
        while (await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false))
        {
            if (IsServing(call.ResponseStream.Current.Status))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsServing(HealthCheckResponse.Types.ServingStatus status)
    {
        if (status != HealthCheckResponse.Types.ServingStatus.Serving)
        {
            steps.Meet($"health says {status}");
        }

        return status == HealthCheckResponse.Types.ServingStatus.Serving;
    }
}
