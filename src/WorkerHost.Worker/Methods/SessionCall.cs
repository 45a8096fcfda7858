using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// A streaming call with a number of a session: to lanes, ledger and session a task like any other, but that it came by itself. Its start is
/// marked on a track of its own, because calls do not come in the order of their numbers.
/// </summary>
internal sealed class SessionCall(
    EndpointCore core, TaskSession session, TaskSubmission submission, TaskHandler handler, long deadline, Func<object, ServerCallContext, Task> body, ServerCallContext context)
    : SessionTask(core, session, submission, handler, deadline), ICallRun
{
    private readonly TaskCompletionSource<TaskEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Func<object, ServerCallContext, Task> Body => body;

    public ServerCallContext Context => context;

    public RpcException? Thrown { get; set; }

    public Task<TaskEnd> Ended => ended.Task;

    public override ulong SessionKey => CallPlace.LedgerKeyOf(base.SessionKey);

    public override int Track => Session.CallTrack;

    public void CancelByCaller()
    {
        if (Core.Cancel(this, StopCause.Caller))
        {
            Complete(TaskEnd.FailedWith(TaskFailures.Cancelled(this, started: false)), hurry: false);
        }
    }

    // First on the session: who hears of the call's end may rely on that.
    public override void Complete(in TaskEnd end, bool hurry)
    {
        base.Complete(end, hurry);
        ended.TrySetResult(end);
    }

    public override void GiveBack()
    {
        base.GiveBack();
        ended.TrySetResult(TaskEnd.GivenBack);
    }
}
