using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>How a call ended, in gRPC's words. Immutable.</summary>
internal sealed class CallEnd
{
    private CallEnd(Status status, Metadata trailers, Metadata? headers)
    {
        Status = status;
        Trailers = trailers;
        Headers = headers;
    }

    public Status Status { get; }

    public Metadata Trailers { get; }

    /// <summary>Null: nobody has answered.</summary>
    public Metadata? Headers { get; }

    // The words of these are grpc-dotnet's. One for each call: its caller may write into the trailers.
    public static CallEnd Cancelled => Of(StatusCode.Cancelled, "Call canceled by the client.");

    public static CallEnd Disposed => Of(StatusCode.Cancelled, "gRPC call disposed.");

    public static CallEnd Expired => Of(StatusCode.DeadlineExceeded, "");

    public static CallEnd Ok(V1.MethodAnswer? answer) => answer is null
        ? new CallEnd(Status.DefaultSuccess, [], [])
        : new CallEnd(Status.DefaultSuccess, CallMetadata.FromEntries(answer.Trailers), CallMetadata.FromEntries(answer.Headers));

    public static CallEnd Of(StatusCode code, string detail, Exception? cause = null) => new(new Status(code, detail, cause), [], null);

    public static CallEnd Of(Status status, Metadata trailers) => new(status, trailers, null);

    /// <summary>The pool could not get an answer, or the method chose to fail.</summary>
    public static CallEnd Failed(TaskFailure failure, string id, string task)
    {
        var answer = failure.Answer;
        var trailers = CallMetadata.FromEntries(answer?.Trailers);

        // What fails without having sent headers sends its trailers in their place, and grpc-dotnet gives them as both.
        var headers = failure.Kind != TaskFailureKind.TaskFailed ? null
            : answer is { Headers.Count: > 0 } ? CallMetadata.FromEntries(answer.Headers)
            : trailers;
        if (answer is { StatusCode: not 0 })
        {
            return new CallEnd(new Status((StatusCode)answer.StatusCode, answer.StatusDetail), trailers, headers);
        }

        if (trailers.Get(FailureStatus.DetailsKey) is null)
        {
            trailers.Add(FailureStatus.DetailsKey, FailureMessage.Details(failure, id, task));
        }

        return new CallEnd(new Status(FailureMessage.StatusOf(failure), failure.Message, new TaskException(id, task, failure)), trailers, headers);
    }

    public RpcException ToException() => new(Status, Trailers);
}
