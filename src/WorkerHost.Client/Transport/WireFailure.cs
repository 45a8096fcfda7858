using Google.Protobuf;
using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>Reads failures off the wire. What a worker says is not trusted: unknown kinds become TaskFailed.</summary>
internal static class WireFailure
{
    /// <param name="failure">What was sent.</param>
    /// <param name="worker">The endpoint that sent it.</param>
    /// <param name="isOfHost">It is a host, and may speak of workers of its own.</param>
    public static TaskFailure Read(V1.TaskFailure failure, WorkerId worker, bool isOfHost = false)
    {
        var kind = (TaskFailureKind)failure.Kind;
        var isLoss = isOfHost && kind is TaskFailureKind.WorkerLost or TaskFailureKind.Quarantined;
        return new TaskFailure
        {
            Kind = kind is > TaskFailureKind.Unspecified and <= TaskFailureKind.Quarantined ? kind : TaskFailureKind.TaskFailed,
            Message = failure.Message,
            Error = failure.Error is { } error ? ReadError(error, 0) : null,
            Retryable = failure.Retryable,
            RetryAfter = ReadDelay(failure.RetryAfter),
            Deaths = [.. failure.Deaths.Take(MostDeaths).Select(WireDeath.Read)],
            Worker = isOfHost && WorkerId.TryParse(failure.Worker, out var itsWorker) ? itsWorker : worker,
            Verdict = !isLoss ? null : failure.NeverStarted ? StartVerdict.NeverStarted : failure.RanToCompletion ? StartVerdict.Finished : StartVerdict.Unknown,
            NeverStarted = failure.NeverStarted,
            RanToCompletion = failure.RanToCompletion,
        };
    }

    /// <summary>Nobody reads more, and they are kept with the outcome.</summary>
    private const int MostDeaths = 64;

    /// <summary>The failure the endpoint sent with a unary call's status, or null.</summary>
    public static TaskFailure? Sent(RpcException e, WorkerId worker)
    {
        if (e.Trailers.GetValueBytes(FailureStatus.DetailsKey) is { } bytes)
        {
            try
            {
                foreach (var detail in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
                {
                    if (detail.TryUnpack<V1.TaskFailure>(out var failure))
                    {
                        var read = Read(failure, worker);
                        return read.Kind == TaskFailureKind.TaskFailed ? read with { Answer = ChosenBy(e) } : read;
                    }
                }
            }
            catch (InvalidProtocolBufferException)
            {
                // Not ours; judge by the status alone.
            }
        }

        return null;
    }

    /// <summary>Beside a handler's failure only a gRPC method chooses status and trailers. Null: none has.</summary>
    private static V1.MethodAnswer? ChosenBy(RpcException e)
    {
        var answer = new V1.MethodAnswer();
        CallMetadata.CopyTo(e.Trailers, answer.Trailers);
        answer.Trailers.Remove(answer.Trailers.First(static t => t.Name == FailureStatus.DetailsKey));
        if (e.StatusCode != StatusCode.Unknown)
        {
            (answer.StatusCode, answer.StatusDetail) = ((int)e.StatusCode, e.Status.Detail);
        }

        return answer.StatusCode == 0 && answer.Trailers.Count == 0 ? null : answer;
    }

    /// <summary>What a unary call's status alone says of the task; null when the connection was lost.</summary>
    /// <param name="e">How the call ended.</param>
    /// <param name="worker">Whose answer it is.</param>
    /// <param name="cancelledHere">Only then CANCELLED is what the caller wanted; otherwise it is a failure that the endpoint made up or passed on.</param>
    public static TaskFailure? FromStatus(RpcException e, WorkerId worker, bool cancelledHere)
    {
        // An endpoint that is there may say Unavailable of what it depends on. Only what grpc-dotnet made of an error of its own is a lost connection.
        if (e is { StatusCode: StatusCode.Unavailable or StatusCode.Internal, Status.DebugException: not null })
        {
            return null;
        }

        var kind = e.StatusCode switch
        {
            StatusCode.Unimplemented => TaskFailureKind.UnknownTask,
            StatusCode.InvalidArgument => TaskFailureKind.BadInput,
            StatusCode.DeadlineExceeded => TaskFailureKind.DeadlineExceeded,
            StatusCode.Cancelled when cancelledHere => TaskFailureKind.Cancelled,
            _ => TaskFailureKind.TaskFailed,
        };
        return new TaskFailure
        {
            Kind = kind,
            Message = kind == TaskFailureKind.TaskFailed ? $"{e.StatusCode}: {e.Status.Detail}" : e.Status.Detail,
            Worker = worker,
        };
    }

    private static TimeSpan? ReadDelay(Google.Protobuf.WellKnownTypes.Duration? delay) =>
        delay is { Seconds: >= 0 and <= 86_400, Nanos: >= 0 and < 1_000_000_000 } ? delay.ToTimeSpan() : null;

    private static RemoteError ReadError(V1.RemoteError error, int depth)
    {
        var read = new RemoteError(
            error.Type,
            error.Message,
            error.StackTrace,
            error.Cause is { } cause && depth < 16 ? ReadError(cause, depth + 1) : null);
        return depth == 0 && error.Data.Length is > 0 and <= RemoteError.MaxDataBytes && error.ContentType.Length is > 0 and <= ProtocolLimits.MaxNameLength
            ? read with { ContentType = error.ContentType, Data = error.Data.Memory }
            : read;
    }
}
