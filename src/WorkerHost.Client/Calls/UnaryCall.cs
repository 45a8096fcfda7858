using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// One unary call as a task of the pool: what <see cref="AsyncUnaryCall{TResponse}"/> shows. It is the completion of its task and the source of its
/// response in one: one object per call less. Thread-safe.
/// </summary>
internal sealed class UnaryCall<TResponse>(DispatchLoop loop, PoolIdentity pool, Marshaller<TResponse> marshaller)
    : TaskCompletionSource<TResponse>(TaskCreationOptions.RunContinuationsAsynchronously), ISubmittedCall
{
    /// <summary>Reading more than this could hold up the outcomes behind it.</summary>
    private const int ReadInlineBytes = 32 * 1024;

    private TaskEntry? entry;
    private CallEnd? end;
    private TokenWatch caller;

    public static AsyncUnaryCall<TResponse> Show(UnaryCall<TResponse> call) => new(
        call.Task,
        static self => ((UnaryCall<TResponse>)self).HeadersAsync(),
        static self => ((UnaryCall<TResponse>)self).Ended("the status").Status,
        static self => ((UnaryCall<TResponse>)self).Ended("the trailers").Trailers,
        static self => ((UnaryCall<TResponse>)self).Dispose(),
        call);

    public void Begins(TaskEntry task) => entry = task;

    public void CancelWith(CancellationToken token) => caller.Begin(token, static call => ((UnaryCall<TResponse>)call!).Cancel(CallEnd.Cancelled), this);

    public void End(CallEnd how)
    {
        if (Interlocked.CompareExchange(ref end, how, null) is null)
        {
            TrySetException(how.ToException());

            // Who does not look at the response is not told of its failure in another way.
            _ = Task.Exception;
        }
    }

    public void Complete(in AttemptOutcome outcome)
    {
        var task = entry!;
        task.Trace?.Ended(outcome);
        caller.End();
        if (outcome.Error is { } error)
        {
            End(CallEnd.Of(StatusCode.Unknown, $"{error.GetType()}: {error.Message}", error));
        }
        else if (outcome.Failure is { } failure)
        {
            End(failure.Kind == TaskFailureKind.Cancelled && task.Stop == StopReason.Cancelled ? CallEnd.Cancelled : CallEnd.Failed(failure, pool.IdOf(task), task.Task));
        }
        else if (outcome.Data.Length <= ReadInlineBytes)
        {
            Read(outcome);
        }
        else
        {
            ReadElsewhere(outcome);
        }
    }

    public void Settle()
    {
        // A call has no word for that.
    }

    private void Read(in AttemptOutcome outcome)
    {
        try
        {
            if (outcome.ContentType != ContentType.Protobuf)
            {
                throw new InvalidDataException($"it came as {outcome.ContentType}, not as {ContentType.Protobuf}: the task of this name is no gRPC method");
            }

            var response = PayloadReader.Read(marshaller, outcome.Data);
            if (Interlocked.CompareExchange(ref end, CallEnd.Ok(outcome.Answer), null) is null)
            {
                TrySetResult(response);
            }
        }
        catch (Exception e)
        {
            End(CallEnd.Of(StatusCode.Internal, $"the response of {entry!.Task} cannot be read: {e.Message}", e));
        }
    }

    /// <summary>A method of its own, so that only large responses pay for what is captured here.</summary>
    private void ReadElsewhere(AttemptOutcome outcome) => ThreadPool.UnsafeQueueUserWorkItem(_ => Read(outcome), null);

    private void Cancel(CallEnd how)
    {
        // The task's own end comes at once, and is the same to everybody who asks later.
        End(how);
        loop.Cancel(entry!);
    }

    private void Dispose()
    {
        if (!Task.IsCompleted)
        {
            Cancel(CallEnd.Disposed);
        }
    }

    private async Task<Metadata> HeadersAsync()
    {
        try
        {
            await Task.ConfigureAwait(false);
        }
        catch (RpcException) when (end is { Headers: not null })
        {
            // Answered with a failure: that is in the status.
        }

        return end!.Headers ?? [];
    }

    private CallEnd Ended(string what) => end is { } known && Task.IsCompleted ? known : throw new InvalidOperationException($"Unable to get {what} because the call is not complete.");
}
