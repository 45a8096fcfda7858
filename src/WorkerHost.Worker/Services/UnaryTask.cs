using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A task that came by itself, as a unary call.</summary>
internal class UnaryTask(EndpointCore core, RunRequest request, TaskHandler? handler, long deadline) : TaskRun(core, handler, deadline)
{
    private readonly TaskCompletionSource<TaskEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TaskEnd> Ended => ended.Task;

    /// <summary>By which it came; null: not by one that is known.</summary>
    public HttpContext? Call { get; init; }

    public bool HasImpossibleTimeLimit => request.TimeLimit is { } limit && IsImpossible(limit);

    public override string Id { get; } = request.Id.Length > 0 ? request.Id : Guid.CreateVersion7().ToString("N");

    public override string Task => request.Task;

    public override int Attempt => request.Attempt is 0 ? 1 : (int)Math.Min(request.Attempt, int.MaxValue);

    public override IReadOnlyDictionary<string, string> Headers =>
        request.Headers.Count == 0 ? NoHeaders : new Dictionary<string, string>(request.Headers);

    public override long HeaderBytes => request.Headers.Count == 0 ? 0 : ProtocolLimits.HeaderBytesOf(request.Headers);

    public override string GivenId => request.Id;

    public override int Priority => request.Priority;

    public override bool IsIdempotent => request.Idempotent;

    public override int MaxAttempts => (int)Math.Min(request.MaxAttempts, int.MaxValue);

    public override string AffinityKey => request.AffinityKey;

    public override ByteString Payload => request.Payload?.Data ?? ByteString.Empty;

    public override string ContentType => request.Payload?.ContentType ?? "";

    public override ulong SessionKey => 0;

    public override ulong Sequence => 0;

    public override int Track => -1;

    public static bool IsImpossible(Duration limit) => limit.Seconds < 0 || limit.Nanos is < 0 or > 999_999_999 || limit is { Seconds: 0, Nanos: 0 };

    /// <summary>The call was cancelled, or its deadline passed.</summary>
    public void CancelByCaller()
    {
        // The call's deadline is part of the run's, but gRPC's clock may be a little ahead of ours.
        var late = TimeRemaining is { } left && left < TimeSpan.FromMilliseconds(20);
        if (Core.Cancel(this, late ? StopCause.TimeLimit : StopCause.Caller))
        {
            Complete(TaskEnd.FailedWith(late ? TaskFailures.TimeLimitPassed(this, started: false) : TaskFailures.Cancelled(this, started: false)), hurry: false);
        }
    }

    public override void Complete(in TaskEnd end, bool hurry) => ended.TrySetResult(end);

    public override void GiveBack() => ended.TrySetResult(TaskEnd.FailedWith(TaskFailures.Draining(this)));
}
