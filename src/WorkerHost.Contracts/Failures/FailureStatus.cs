using Grpc.Core;

namespace WorkerHost;

/// <summary>The gRPC status that stands for a failure on a unary call.</summary>
internal static class FailureStatus
{
    /// <summary>The trailer with the <c>google.rpc.Status</c> whose detail is the failure.</summary>
    public const string DetailsKey = "grpc-status-details-bin";

    /// <param name="kind">What happened.</param>
    /// <param name="draining">With <see cref="TaskFailureKind.Rejected"/>: refused because the endpoint is leaving.</param>
    public static StatusCode ToStatusCode(TaskFailureKind kind, bool draining = false) => kind switch
    {
        TaskFailureKind.TaskFailed => StatusCode.Unknown,
        TaskFailureKind.UnknownTask => StatusCode.Unimplemented,
        TaskFailureKind.BadInput => StatusCode.InvalidArgument,
        TaskFailureKind.Cancelled => StatusCode.Cancelled,
        TaskFailureKind.DeadlineExceeded => StatusCode.DeadlineExceeded,
        TaskFailureKind.Rejected => draining ? StatusCode.Unavailable : StatusCode.ResourceExhausted,
        TaskFailureKind.NoWorkers => StatusCode.Unavailable,
        TaskFailureKind.WorkerLost => StatusCode.Aborted,
        TaskFailureKind.Quarantined => StatusCode.FailedPrecondition,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no status stands for this kind"),
    };
}
