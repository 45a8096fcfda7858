using Google.Protobuf;
using WorkerHost.Client;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// A task of a client's between the call or session it came by and the pool that runs it. A call hears of its outcome at once; a session when nothing
/// of it runs any more, because that is what the client's own pool makes of it. Thread-safe.
/// </summary>
internal sealed class HostedTask : IHostedTask
{
    // A death report with all it knows of the worker has its place in a frame beside others.
    private const int MaxFailureBytes = 32 * 1024;

    private readonly WorkerPool pool;
    private readonly TaskRun run;
    private readonly HostedItems? items;
    private TaskEntry? entry;
    private AttemptOutcome outcome;
    private int awaited;

    private HostedTask(WorkerPool pool, TaskRun run)
    {
        this.pool = pool;
        this.run = run;
        items = run.Output is { TakesItems: true } ? new HostedItems(this, run, pool.MaxMessageBytes) : null;
        awaited = (WaitsForItsEnd ? 2 : 1) + (items is null ? 0 : 1);
        run.Elsewhere = this;
    }

    /// <summary>The worker it ran at last, and which attempt that was.</summary>
    public (string Worker, int Attempt) Whereabouts => (entry!.Endpoint?.Worker.Id.ToString() ?? "", entry.Attempt);

    private bool WaitsForItsEnd => run.SessionKey != 0;

    public static void Submit(WorkerPool pool, TaskRun run)
    {
        var task = new HostedTask(pool, run);
        var terms = HostedTerms.Of(run);
        pool.SubmitFor(
            task,
            run.Task,
            run.Payload.Memory,
            run.ContentType is { Length: > 0 } type ? type : ContentType.Json,
            terms,
            terms.Id is null ? run.Id : null,
            task.items?.Buffer,
            run.Output is null ? null : new HostedProgress(run));
        Unawaited.Observe(task.items?.CarryAsync() ?? Task.CompletedTask);
    }

    public void Begins(TaskEntry task) => entry = task;

    public void Cancel(StopCause cause)
    {
        items?.Abandon();
        pool.CancelFor(entry!);
    }

    public void GiveRoom(int count, long bytes) => pool.Grant(entry!, count, bytes);

    public void Complete(in AttemptOutcome how)
    {
        entry!.Trace?.Ended(how);
        outcome = how;
        items?.Buffer.Complete();
        Step();
    }

    public void Settle()
    {
        if (WaitsForItsEnd)
        {
            Step();
        }
    }

    /// <summary>Every item was handed on.</summary>
    public void ItemsEnded() => Step();

    // Outcome, end and the last item may be brought by several threads in any order: the last of them tells.
    private void Step()
    {
        if (Interlocked.Decrement(ref awaited) == 0)
        {
            if (outcome.Failure is not { NeverStarted: true })
            {
                run.Began();
            }

            run.Complete(End(), hurry: false);
        }
    }

    private TaskEnd End()
    {
        var service = entry!.Service is { IsKnown: true } known ? (ulong)known.Microseconds : 0;
        if (outcome.IsSuccess)
        {
            return new TaskEnd
            {
                Data = UnsafeByteOperations.UnsafeWrap(outcome.Data),
                ContentType = outcome.ContentType,
                Answer = outcome.Answer,
                ServiceMicroseconds = service,
            };
        }

        var failure = outcome.Failure
            ?? new TaskFailure { Kind = TaskFailureKind.TaskFailed, Message = $"a strategy of the host threw {outcome.Error!.GetType()}: {outcome.Error.Message}" };
        var message = FailureMessage.Of(failure, run.Id, run.Task);
        FailureSize.Shrink(message, MaxFailureBytes);
        return TaskEnd.FailedWith(message, service, failure.Answer);
    }
}
