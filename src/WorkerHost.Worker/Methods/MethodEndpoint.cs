using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// The methods of the user's services at the worker's own port: unary ones for whoever has their generated client and no pool, streaming ones for pools
/// too. Each call is a task, with the same handler, in the same lanes.
/// </summary>
internal sealed class MethodEndpoint(WorkerCore core)
{
    private EndpointCore Core => core;

    /// <summary>Tells Grpc.AspNetCore of a unary method: its messages pass as they are.</summary>
    public static void AddUnary(ServiceMethodProviderContext<MethodEndpoint> context, IMethod method) => context.AddUnaryMethod(
        MethodCall.Of(MethodType.Unary, method.ServiceName, method.Name),
        [],
        (self, payload, call) => MethodCall.RunAsync(self.Core, MethodCall.Request(method.FullName, payload, call.RequestHeaders), call));

    /// <summary>Runs a streaming method in a lane.</summary>
    /// <param name="handler">The method.</param>
    /// <param name="context">The call.</param>
    /// <param name="body">Calls the user's method with its service and what it is to see of the call.</param>
    /// <exception cref="RpcException">What the caller is to be told.</exception>
    public async Task StreamAsync(TaskHandler handler, ServerCallContext context, Func<object, ServerCallContext, Task> body)
    {
        var deadline = TaskEndpointService.DeadlineOf(core, TimeSpan.MaxValue, context);
        if (CallPlace.From(context.RequestHeaders) is not { } place)
        {
            await StreamAloneAsync(new LoneCall(core, MethodCall.Request(handler.Name, ByteString.Empty, context.RequestHeaders), handler, deadline, body, context)).ConfigureAwait(false);
            return;
        }

        var session = core.SessionOf(place.SessionKey)
            ?? throw new RpcException(new Status(StatusCode.Unavailable, $"worker {core.Worker} has no session {place.SessionKey}; it has ended, and the calls that belong to it are not taken any more"));
        var submission = new TaskSubmission { Sequence = place.Sequence, Task = handler.Name, ContentType = ContentType.Protobuf, Id = place.TaskId };
        CallMetadata.CopyTo(context.RequestHeaders, submission.Headers);
        var run = new SessionCall(core, session, submission, handler, deadline, body, context);
        // In both: whoever reads only the one or the other knows that the end is told on the session. And before anything runs that may send them.
        var number = context.RequestHeaders.GetValue(CallPlace.SequenceName)!;
        context.GetHttpContext().Response.Headers[CallPlace.SequenceName] = number;
        context.ResponseTrailers.Add(CallPlace.SequenceName, number);
        if (!session.Enter(run))
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the pool had given this call up before it came"));
        }

        using (context.CancellationToken.UnsafeRegister(static state => ((SessionCall)state!).CancelByCaller(), run))
        {
            Tell(run, run, await run.Ended.ConfigureAwait(false));
        }
    }

    private async Task StreamAloneAsync(LoneCall run)
    {
        if (!core.EnterCall())
        {
            throw FailureTrailers.ToException(TaskFailures.Draining(run), draining: true);
        }

        try
        {
            Tell(run, run, await TaskEndpointService.RunAsync(run, run.Context.CancellationToken).ConfigureAwait(false));
        }
        finally
        {
            core.LeaveCall();
        }
    }

    private void Tell(TaskRun run, ICallRun call, in TaskEnd end)
    {
        if (end.Recalled)
        {
            throw FailureTrailers.ToException(TaskFailures.Draining(run), draining: true);
        }

        if (call.Thrown is { } answer)
        {
            throw answer;
        }

        if (end.Failure is { } failure)
        {
            throw FailureTrailers.ToException(failure, core.IsDraining);
        }
    }

    /// <summary>Tells Grpc.AspNetCore which methods there are.</summary>
    public sealed class Discovery(TaskTable tasks) : IServiceMethodProvider<MethodEndpoint>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<MethodEndpoint> context)
        {
            foreach (var handler in tasks.Methods)
            {
                handler.Serve(context);
            }
        }
    }
}
