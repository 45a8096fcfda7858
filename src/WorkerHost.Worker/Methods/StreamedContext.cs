using Grpc.Core;

namespace WorkerHost.Worker;

/// <summary>What a streaming method sees of its call: gRPC's own context, but for the token, which is also cancelled when the lane is to be left.</summary>
internal sealed class StreamedContext(ServerCallContext call, CancellationToken cancellationToken) : ServerCallContext
{
    private Metadata? requestHeaders;

    protected override string MethodCore => call.Method;

    protected override string HostCore => call.Host;

    protected override string PeerCore => call.Peer;

    protected override DateTime DeadlineCore => call.Deadline;

    protected override Metadata RequestHeadersCore
    {
        get
        {
            if (requestHeaders is null)
            {
                requestHeaders = [];
                foreach (var entry in call.RequestHeaders)
                {
                    if (!CallPlace.IsOurs(entry.Key))
                    {
                        requestHeaders.Add(entry);
                    }
                }
            }

            return requestHeaders;
        }
    }

    protected override CancellationToken CancellationTokenCore => cancellationToken;

    protected override Metadata ResponseTrailersCore => call.ResponseTrailers;

    protected override Status StatusCore
    {
        get => call.Status;
        set => call.Status = value;
    }

    protected override WriteOptions? WriteOptionsCore
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    protected override AuthContext AuthContextCore => call.AuthContext;

    protected override IDictionary<object, object> UserStateCore => call.UserState;

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => call.WriteResponseHeadersAsync(responseHeaders);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => call.CreatePropagationToken(options);
}
