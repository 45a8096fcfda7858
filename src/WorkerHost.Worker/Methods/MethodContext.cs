using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>What the method of a gRPC service sees of its call: the task, in gRPC's words.</summary>
internal sealed class MethodContext(TaskRun run, CancellationToken cancellationToken) : ServerCallContext
{
    private static readonly AuthContext Unauthenticated = new(null, []);

    private Metadata? requestHeaders;
    private Metadata? responseHeaders;
    private Metadata? responseTrailers;
    private DateTime? deadline;

    protected override string MethodCore => run.Task;

    protected override string HostCore => run.Worker.Pool;

    /// <summary>A task has no peer of its own: it came through a pool.</summary>
    protected override string PeerCore => $"workerhost:{run.Worker.Pool}";

    protected override DateTime DeadlineCore => deadline ??= run.DeadlineByTheClock;

    protected override Metadata RequestHeadersCore => requestHeaders ??= CallMetadata.FromHeaders(run.Headers);

    protected override CancellationToken CancellationTokenCore => cancellationToken;

    protected override Metadata ResponseTrailersCore => responseTrailers ??= [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    /// <summary>Nothing is compressed between a pool and its workers.</summary>
    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => Unauthenticated;

    /// <summary>What is to travel beside the response or the failure; null: nothing.</summary>
    /// <param name="status">How the method ended; OK as well where the failure is none of its choice.</param>
    /// <param name="more">Trailers of the exception.</param>
    public MethodAnswer? Answer(in Status status, Metadata? more = null)
    {
        if (status.StatusCode == StatusCode.OK && responseHeaders is null && responseTrailers is null && more is null or { Count: 0 })
        {
            return null;
        }

        var answer = new MethodAnswer { StatusCode = (int)status.StatusCode, StatusDetail = BoundedText.Cut(status.Detail ?? "", RemoteErrors.MaxMessageBytes) };
        CallMetadata.CopyTo(responseHeaders, answer.Headers);
        CallMetadata.CopyTo(responseTrailers, answer.Trailers);
        CallMetadata.CopyTo(more, answer.Trailers);
        var size = answer.CalculateSize();
        return size <= ProtocolLimits.MaxHeaderBytes + RemoteErrors.MaxMessageBytes
            ? answer
            : new MethodAnswer
            {
                StatusCode = (int)StatusCode.ResourceExhausted,
                StatusDetail = $"the response headers and trailers of {run.Task} have about {size} bytes; {ProtocolLimits.MaxHeaderBytes} are allowed",
            };
    }

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (this.responseHeaders is not null)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }

        this.responseHeaders = responseHeaders;
        return Task.CompletedTask;
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("a task's context cannot be propagated; pass its deadline and cancellation token on");
}
