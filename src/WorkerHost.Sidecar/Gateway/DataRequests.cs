using System.Diagnostics;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.HealthCheck;
using Grpc.Reflection;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What becomes of a request: who may not come in is told so, whatever he asked for; HTTP/2 is gRPC, and HTTP/1.1 is not.</summary>
internal sealed class DataRequests
{
    private readonly PeerPolicy peers;
    private readonly RequestDelegate grpc;
    private readonly Func<HttpContext, bool> isStreaming;
    private readonly HttpTasks http;
    private readonly PoolEndpoints endpoints;
    private readonly long maxMessage;
    private readonly bool opensByToken;
    private readonly CancellationToken stopping;

    public DataRequests(IServiceProvider services, DataSettings settings, PeerPolicy peers, PoolEndpoints endpoints, CancellationToken stopping)
    {
        this.peers = peers;
        this.stopping = stopping;
        this.endpoints = endpoints;
        maxMessage = services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value.MaxReceiveMessageSize ?? int.MaxValue;
        opensByToken = settings.TokenFile is not null;
        http = new HttpTasks(endpoints);
        var methods = new GrpcMethods(services);
        methods.MapGrpcService<TaskEndpointService>();
        methods.MapGrpcService<HealthServiceImpl>();
        methods.MapGrpcService<ForeignMethods>();
        if (settings.Reflection)
        {
            methods.MapGrpcService<ReflectionV1ServiceImpl>();
            methods.MapGrpcService<ReflectionServiceImpl>();
        }

        var foreign = services.GetRequiredService<ForeignMethods>();
        isStreaming = foreign.IsStreaming;
        grpc = methods.Build(foreign.PathOf);
    }

    public Task RunAsync(HttpContext context)
    {
        // ASP.NET Core's own span, which nobody exports: what hangs below it hangs in the air, and is not recorded where its caller has not said so.
        Activity.Current = null;
        var isGrpc = HttpProtocol.IsHttp2(context.Request.Protocol);
        var visit = context.Features.Get<ConnectionLimit.Visit>();
        if (!peers.Admits(context))
        {
            visit?.Refused();
            return isGrpc ? GrpcMethods.Refuse(context, StatusCode.Unauthenticated, peers.Demand) : HttpProblem.Unauthorized(peers.Demand).WriteAsync(context);
        }

        visit?.Admitted();
        if (opensByToken && context.Features.Get<PeerProcess>() is null)
        {
            // What opens the host is not for its workers.
            context.Request.Headers.Authorization = default;
        }

        return !isGrpc ? http.RunAsync(context) : IsForever(context.Request.Path) ? WatchAsync(context) : CallAsync(context);
    }

    private async Task CallAsync(HttpContext context)
    {
        using var body = new BudgetedBody(context, endpoints.Budget, maxMessage, isStreaming);
        context.Features.Set<IRequestBodyPipeFeature>(body);
        await grpc(context).ConfigureAwait(false);
    }

    private static bool IsForever(PathString path) => path == "/grpc.health.v1.Health/Watch" || path.StartsWithSegments("/grpc.reflection.v1.ServerReflection", StringComparison.Ordinal)
        || path.StartsWithSegments("/grpc.reflection.v1alpha.ServerReflection", StringComparison.Ordinal);

    // These last until their client leaves, and would hold up our stop.
    private async Task WatchAsync(HttpContext context)
    {
        using var registration = stopping.UnsafeRegister(static state => ((HttpContext)state!).Abort(), context);
        await grpc(context).ConfigureAwait(false);
    }
}
