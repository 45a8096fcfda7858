using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A failure as it leaves a unary call: a status, and its detail in the trailers.</summary>
internal static class FailureTrailers
{
    // gRPC's C core (Python, Ruby, PHP …) takes 8 KiB of metadata by default and fails the call above that. The details
    // grow by a third as base64, and beside them stand the status message and HTTP/2's own fields.
    private const int MaxDetailBytes = 4 * 1024;
    private const int MaxStatusMessageBytes = 400;

    /// <param name="failure">Why the task has no result.</param>
    /// <param name="draining">With <see cref="TaskFailureKind.Rejected"/>: the worker is leaving.</param>
    /// <param name="answer">The status and trailers that a gRPC method chose; they come before ours.</param>
    public static RpcException ToException(TaskFailure failure, bool draining = false, MethodAnswer? answer = null)
    {
        var trailers = CallMetadata.FromEntries(answer?.Trailers);
        var code = answer is { StatusCode: not 0 } ? (StatusCode)answer.StatusCode : FailureStatus.ToStatusCode((TaskFailureKind)failure.Kind, draining);
        FailureSize.Shrink(failure, MaxDetailBytes);
        var message = BoundedText.Cut(failure.Message, MaxStatusMessageBytes);
        var details = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(failure) } };
        if (trailers.Get(FailureStatus.DetailsKey) is null)
        {
            trailers.Add(FailureStatus.DetailsKey, details.ToByteArray());
        }

        return new RpcException(new Status(code, answer is { StatusCode: not 0 } ? answer.StatusDetail : message), trailers);
    }
}
