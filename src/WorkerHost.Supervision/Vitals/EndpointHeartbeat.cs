using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.V1;

namespace WorkerHost.Supervision;

/// <summary>
/// The heartbeat of a worker that makes no marks in its ledger, heard on a connection of the supervisor's own: by its control stream, or,
/// where it has none, by its answers to the standard health check. Only hears; what silence means is decided elsewhere.
/// </summary>
internal sealed class EndpointHeartbeat : IAsyncDisposable
{
    private readonly LaunchPlan plan;
    private readonly WorkerConnector connector;
    private readonly LivenessOptions options;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ending = new();
    private readonly Task hearing;
    private long beats;
    private volatile HeartbeatResponse? load;

    public EndpointHeartbeat(LaunchPlan plan, WorkerConnector connector, LivenessOptions options, TimeProvider time)
    {
        this.plan = plan;
        this.connector = connector;
        this.options = options;
        this.time = time;
        hearing = Task.Run(HearAsync);
    }

    /// <summary>What has been heard, added to what is known otherwise.</summary>
    public VitalSigns AddTo(VitalSigns signs)
    {
        var said = load;
        return signs with
        {
            Heartbeat = said is null ? HeartbeatKind.Health : HeartbeatKind.Control,
            Beats = (ulong)Interlocked.Read(ref beats),
            Finished = Math.Max(signs.Finished, (long)(said?.Finished ?? 0)),
            Running = Math.Max(signs.Running, (int)Math.Min(said?.Running ?? 0, LedgerLayout.MaxLanes)),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task HearAsync()
    {
        using var channel = new WorkerChannel(connector, plan.Secret);
        var control = new WorkerControl.WorkerControlClient(channel.Channel);
        var health = new Health.HealthClient(channel.Channel);
        var hasControl = true;
        while (true)
        {
            try
            {
                if (hasControl)
                {
                    await HearControlAsync(control, channel.Headers()).ConfigureAwait(false);
                }
                else
                {
                    await CheckHealthAsync(health, channel.Headers()).ConfigureAwait(false);
                    Interlocked.Increment(ref beats);
                }
            }
            catch (RpcException e) when (hasControl && e.StatusCode is StatusCode.Unimplemented or StatusCode.PermissionDenied or StatusCode.Unauthenticated)
            {
                hasControl = false;
                continue;
            }
            catch (RpcException)
            {
                // Silence. It may be over at the next try.
            }

            await Task.Delay(options.HeartbeatInterval, time, ending.Token).ConfigureAwait(false);
        }
    }

    private async Task HearControlAsync(WorkerControl.WorkerControlClient control, Metadata headers)
    {
        var request = new HeartbeatRequest { Interval = Duration.FromTimeSpan(options.HeartbeatInterval) };
        using var call = control.Heartbeat(request, headers, cancellationToken: ending.Token);
        while (await call.ResponseStream.MoveNext(ending.Token).ConfigureAwait(false))
        {
            load = call.ResponseStream.Current;
            Interlocked.Increment(ref beats);
        }
    }

    private async Task CheckHealthAsync(Health.HealthClient health, Metadata headers)
    {
        // As long as silence may last at all: an answer that comes late is an answer.
        using var limit = new CancellationTokenSource(options.DeadAfter, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ending.Token);
        await health.CheckAsync(new HealthCheckRequest(), headers, cancellationToken: either.Token).ConfigureAwait(false);
    }
}
