using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// The methods of the users' own services, for whoever has their generated client: a call whose path is none of the host's own is a task of that name, and
/// a streaming one a call of the pool. Messages pass as bytes; nobody here knows what they are.
/// </summary>
internal sealed class ForeignMethods(PoolEndpoints endpoints)
{
    // Nobody can call these two by their names: as paths they are foreign methods like others.
    private const string Service = "workerhost.internal.Foreign";
    private const string Unary = "Unary";
    private const string Streaming = "Streaming";

    private readonly MethodRoutes routes = new(endpoints.Pools);

    /// <summary>Which of the two takes the call.</summary>
    public string PathOf(HttpContext context) => IsStreaming(context) ? $"/{Service}/{Streaming}" : $"/{Service}/{Unary}";

    /// <summary>A message of it goes on to a worker when that has room.</summary>
    public bool IsStreaming(HttpContext context) => routes.IsStreaming(context.Request.Path.Value ?? "", context.Request.Headers[CallWords.Pool].ToString());

    private Task<ByteString> CallAsync(ByteString payload, ServerCallContext context)
    {
        var pool = routes.Find(context.Method, PoolOf(context));
        return MethodCall.RunAsync(endpoints.Of(pool), ForeignTerms.Apply(MethodCall.Request(context.Method, payload, context.RequestHeaders)), context);
    }

    private async Task StreamAsync(IAsyncStreamReader<ByteString> requests, IServerStreamWriter<ByteString> responses, ServerCallContext context)
    {
        var pool = routes.Find(context.Method, PoolOf(context));
        var core = endpoints.Of(pool);
        if (!core.EnterCall())
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"{core.Called} is leaving and takes nothing new"));
        }

        try
        {
            var terms = ForeignTerms.Apply(MethodCall.Request(context.Method, ByteString.Empty, context.RequestHeaders));
            await ForeignStream.CarryAsync(pool.Pool, terms, (core as PoolCore)?.ShareOf(context.GetHttpContext()), requests, responses, context).ConfigureAwait(false);
        }
        finally
        {
            core.LeaveCall();
        }
    }

    private static string PoolOf(ServerCallContext context) => context.RequestHeaders.GetValue(CallWords.Pool) ?? "";

    /// <summary>Tells Grpc.AspNetCore of the two.</summary>
    public sealed class Discovery : IServiceMethodProvider<ForeignMethods>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ForeignMethods> context)
        {
            context.AddUnaryMethod(MethodCall.Of(MethodType.Unary, Service, Unary), [], static (self, payload, call) => self.CallAsync(payload, call));
            context.AddDuplexStreamingMethod(
                MethodCall.Of(MethodType.DuplexStreaming, Service, Streaming), [], static (self, requests, responses, call) => self.StreamAsync(requests, responses, call));
        }
    }
}
