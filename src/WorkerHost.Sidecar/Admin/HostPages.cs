using System.Text.Json;
using WorkerHost.Sidecar.Admin.Metrics;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Admin;

/// <summary>
/// What probes and scrapers ask for. Whether the host is live and whether it is ready is told to everybody who can connect; why it
/// is not, and figures, only to those who show the token: reasons quote what workers have written.
/// </summary>
internal sealed class HostPages(HostedPools pools, PeerPolicy peers, MetricsListener metrics, TimeProvider time)
{
    public const string Names = "/healthz, /readyz and /metrics";

    /// <summary>A loop that has not turned for so long is stuck: its longest step is the spawn of a process.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Why the host is not ready although its pools may be; null: it is not stopping.</summary>
    public string? StoppingBecause { get; set; }

    public bool Handles(PathString path) => path == "/healthz" || path == "/readyz" || path == "/metrics";

    public Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        // What was true a moment ago is not what is asked for.
        context.Response.Headers.CacheControl = "no-store";
        return context.Request.Path.Value switch
        {
            "/healthz" => HealthAsync(context),
            "/readyz" => ReadinessAsync(context),
            _ => MetricsAsync(context),
        };
    }

    /// <summary>Why the host is not live: a loop that no longer turns; null: all do.</summary>
    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestTurn, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach (var (name, pool) in pools.All)
        {
            if (pool.Source is not Supervisor supervisor)
            {
                continue;
            }

            try
            {
                await supervisor.AnswerAsync(either.Token).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                // It has stopped, as its pool did; or it failed.
                if (supervisor.Running is { IsFaulted: true } failed)
                {
                    return $"the supervisor of pool {name} has failed: {failed.Exception.InnerException?.Message}";
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return $"the supervisor of pool {name} has not answered for {DurationText.Of(LongestTurn)}";
            }
        }

        return null;
    }

    /// <summary>Whether the host is ready, and how its pools are.</summary>
    public HostReadiness Readiness => HostReadiness.Of(pools.All, StoppingBecause);

    private async Task HealthAsync(HttpContext context)
    {
        var fault = await FaultAsync(context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, fault is null, new { live = fault is null, reason = peers.Admits(context) ? fault : null }).ConfigureAwait(false);
    }

    private Task ReadinessAsync(HttpContext context)
    {
        var readiness = Readiness;
        return WriteAsync(context, readiness.Ready, peers.Admits(context) ? readiness : new { readiness.Ready });
    }

    private async Task MetricsAsync(HttpContext context)
    {
        if (!peers.Admits(context))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await context.Response.WriteAsync($"{peers.Demand}\n", context.RequestAborted).ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = MetricsText.ContentType;
        await context.Response.WriteAsync(metrics.Collect(), context.RequestAborted).ConfigureAwait(false);
    }

    private static Task WriteAsync(HttpContext context, bool isFine, object what)
    {
        context.Response.StatusCode = isFine ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsJsonAsync(what, Json, context.RequestAborted);
    }
}
