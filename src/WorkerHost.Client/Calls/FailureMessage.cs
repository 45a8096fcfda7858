using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>A failure as it leaves a gRPC call: the status that stands for it, and in the trailers everything known about it.</summary>
internal static class FailureMessage
{
    public static StatusCode StatusOf(TaskFailure failure) =>

        // Only streaming calls are told so; a task that never started is given to another worker.
        failure is { Kind: TaskFailureKind.WorkerLost, NeverStarted: true } ? StatusCode.Unavailable :
        FailureStatus.ToStatusCode(failure.Kind, draining: failure is { Kind: TaskFailureKind.Rejected, PoolIsStopping: true });

    public static byte[] Details(TaskFailure failure, string id, string task) =>
        new Google.Rpc.Status { Code = (int)StatusOf(failure), Message = failure.Message, Details = { Any.Pack(Of(failure, id, task)) } }.ToByteArray();

    public static V1.TaskFailure Of(TaskFailure failure, string id, string task)
    {
        var message = new V1.TaskFailure
        {
            Kind = (V1.TaskFailureKind)failure.Kind,
            Message = failure.Message,
            Error = failure.Error is { } error ? Of(error) : null,
            Retryable = failure.Retryable,
            RetryAfter = Of(failure.RetryAfter),
            TaskId = id,
            Task = task,
            Worker = failure.Worker?.ToString() ?? "",
            NeverStarted = failure.NeverStarted,
            RanToCompletion = failure.RanToCompletion,
        };
        message.Deaths.AddRange(failure.Deaths.Select(Of));
        return message;
    }

    private static V1.RemoteError Of(RemoteError error) => new()
    {
        Type = error.Type,
        Message = error.Message,
        StackTrace = error.StackTrace,
        Cause = error.Cause is { } cause ? Of(cause) : null,
        ContentType = error.ContentType ?? "",
        Data = UnsafeByteOperations.UnsafeWrap(error.Data),
    };

    /// <summary>Everything that the report has.</summary>
    public static V1.DeathReport Of(DeathReport death)
    {
        var message = new V1.DeathReport
        {
            Pool = death.Worker.Pool,
            Slot = (uint)death.Worker.Slot,
            Incarnation = (ulong)death.Worker.Incarnation,
            Pid = death.Pid,
            Uptime = Duration.FromTimeSpan(death.Uptime),
            Cause = (V1.DeathCause)death.Cause,
            ExitCode = death.ExitCode ?? (death.Signal is null ? -1 : 0),
            Signal = death.Signal ?? "",
            Reason = death.Reason ?? "",
            PeakMemoryBytes = (ulong)(death.PeakMemoryBytes ?? 0),
            Next = death.Next,
            Time = Timestamp.FromDateTimeOffset(death.Time),
            ReadyFor = Of(death.ReadyFor),
            NextTryIn = Of(death.NextTryIn),
            TasksFinished = (ulong)(death.TasksFinished ?? 0),
        };
        message.RunningTasks.AddRange(death.RunningTasks);
        message.LastOutput.AddRange(death.LastOutput);
        message.BootSteps.AddRange(death.BootSteps.Select(static step => new V1.BootStep
        {
            Name = step.Name,
            After = Duration.FromTimeSpan(step.After),
            Took = Duration.FromTimeSpan(step.Took),
        }));
        return message;
    }

    private static Duration? Of(TimeSpan? time) => time is { } span ? Duration.FromTimeSpan(span) : null;
}
