using Grpc.Core;
using Microsoft.AspNetCore.Http;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>The gRPC face of tasks.</summary>
/// <param name="choose">What stands behind the endpoint, by the pool that a request names; empty: none.</param>
internal sealed class TaskEndpointService(Func<string, EndpointCore> choose) : TaskEndpoint.TaskEndpointBase
{
    public override async Task<RunResponse> Run(RunRequest request, ServerCallContext context)
    {
        var core = At(request.Pool, context);
        CallTrace.Carry(context.GetHttpContext().Request.Headers, request.Headers);
        var (run, end) = await RunToItsEndAsync(core, request, context).ConfigureAwait(false);
        if (end.Failure is { } failure)
        {
            throw FailureTrailers.ToException(failure, core.IsDraining, end.Answer);
        }

        return Response(run, end);
    }

    /// <summary>Runs one task as a call of its own.</summary>
    public static Task<(UnaryTask Run, TaskEnd End)> RunToItsEndAsync(EndpointCore core, RunRequest request, ServerCallContext context) =>
        RunToItsEndAsync(core, request, DeadlineOf(core, LimitOf(request), context), context.GetHttpContext(), context.CancellationToken);

    /// <summary>The same for a caller who came without gRPC.</summary>
    public static Task<(UnaryTask Run, TaskEnd End)> RunToItsEndAsync(EndpointCore core, RunRequest request, HttpContext context) =>
        RunToItsEndAsync(core, request, DeadlineIn(core, LimitOf(request)), context, context.RequestAborted);

    private static async Task<(UnaryTask Run, TaskEnd End)> RunToItsEndAsync(EndpointCore core, RunRequest request, long deadline, HttpContext call, CancellationToken cancellationToken)
    {
        var run = new UnaryTask(core, request, core.Find(request.Task), deadline) { Call = call };
        if (!core.EnterCall())
        {
            return (run, TaskEnd.FailedWith(TaskFailures.Draining(run)));
        }

        try
        {
            return (run, await RunAsync(run, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            core.LeaveCall();
        }
    }

    public override async Task RunWithEvents(
        RunWithEventsRequest request,
        IServerStreamWriter<RunWithEventsResponse> responseStream,
        ServerCallContext context)
    {
        var task = request.Task ?? new RunRequest();
        var core = At(task.Pool, context);
        CallTrace.Carry(context.GetHttpContext().Request.Headers, task.Headers);
        var run = new EventTask(core, task, core.Find(task.Task), DeadlineOf(core, LimitOf(task), context), takesItems: !request.CollectsItems) { Call = context.GetHttpContext() };
        if (!core.EnterCall())
        {
            throw FailureTrailers.ToException(TaskFailures.Draining(run), draining: true);
        }

        try
        {
            await TellAsync(run, responseStream, context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException && (e is IOException || context.CancellationToken.IsCancellationRequested))
        {
            // A write that finds nobody there: the caller's right, and no error of ours.
            throw new RpcException(new Status(StatusCode.Cancelled, "the call was broken off", e));
        }
        finally
        {
            core.LeaveCall();
        }
    }

    private static async Task TellAsync(EventTask run, IServerStreamWriter<RunWithEventsResponse> responses, CancellationToken cancellationToken)
    {
        var ending = RunAsync(run, cancellationToken);
        try
        {
            while (await run.NextAsync(ending).ConfigureAwait(false) is { } news)
            {
                await responses.WriteAsync(news, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            // Nobody reads any more: the handler is not left waiting for room.
            run.CancelByCaller();
            await ((Task)ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        var end = await ending.ConfigureAwait(false);
        if (end.Failure is { } failure)
        {
            throw FailureTrailers.ToException(failure, run.Core.IsDraining, end.Answer);
        }

        await responses.WriteAsync(new RunWithEventsResponse { Outcome = Response(run, end) }, cancellationToken).ConfigureAwait(false);
    }

    public override async Task OpenSession(
        IAsyncStreamReader<SessionRequest> requestStream,
        IServerStreamWriter<SessionResponse> responseStream,
        ServerCallContext context)
    {
        var session = new TaskSession(pool => At(pool, context), requestStream, responseStream, context.GetHttpContext().Abort) { Call = context.GetHttpContext() };
        try
        {
            await session.RunAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException && (e is IOException || context.CancellationToken.IsCancellationRequested))
        {
            // A connection that breaks is nobody's mistake, and is told to the reader before the call hears of it.
            throw new RpcException(new Status(StatusCode.Cancelled, "the session was broken off", e));
        }
    }

    public override Task<DescribeResponse> Describe(DescribeRequest request, ServerCallContext context)
    {
        var core = At(request.Pool, context);
        return Task.FromResult(new DescribeResponse
        {
            Pool = core.Pool,
            Worker = core.WorkerName,
            HostInstance = core.HostInstance,
            Tasks = { core.Describe() },
            Capabilities = { core.Capabilities },
            Concurrency = (uint)core.Concurrency,
            MinProtocol = ProtocolLimits.MinVersion,
            MaxProtocol = ProtocolLimits.MaxVersion,
            MaxMessageBytes = (ulong)core.MaxMessageBytes,
        });
    }

    // What a message says goes before what its call says.
    private EndpointCore At(string pool, ServerCallContext context) =>
        choose(pool.Length > 0 ? pool : context.GetHttpContext().Request.Headers[CallWords.Pool].ToString());

    private static RunResponse Response(UnaryTask run, in TaskEnd end)
    {
        var (worker, attempt) = run.Core.Whereabouts(run);
        return new RunResponse
        {
            Result = new Payload { ContentType = end.ContentType, Data = end.Data },
            Id = run.Id,
            Worker = worker,
            Attempts = (uint)attempt,
            Answer = end.Answer,
        };
    }

    /// <summary>Queues it and waits for its end. The caller has entered the call.</summary>
    public static async Task<TaskEnd> RunAsync(UnaryTask run, CancellationToken cancellationToken)
    {
        var core = run.Core;
        if (Objection(run) is { } objection)
        {
            return TaskEnd.FailedWith(objection);
        }

        TaskRun?[] runs = [run];
        core.Enqueue(runs);
        if (runs[0] is not null)
        {
            return TaskEnd.FailedWith(TaskFailures.Full(run, $"{core.Waiting} tasks"));
        }

        // Drain() emptied the queue between our entry and now.
        if (core.IsDraining && core.GivesBack && core.TryRemove(run))
        {
            run.GiveBack();
        }

        using var registration = cancellationToken.UnsafeRegister(static state => ((UnaryTask)state!).CancelByCaller(), run);
        return await run.Ended.ConfigureAwait(false);
    }

    private static TaskFailure? Objection(UnaryTask run)
    {
        if (run.Id.Length > ProtocolLimits.MaxNameLength)
        {
            return TaskFailures.BadInput(run, $"the task's id has {run.Id.Length} characters; the limit is {ProtocolLimits.MaxNameLength}");
        }

        return run.HasImpossibleTimeLimit
            ? TaskFailures.BadInput(run, "time_limit is not a duration above zero")
            : run.Core.Objection(run);
    }

    // The nearer of the request's time limit and the call's deadline. The deadline is wall-clock time by nature; from
    // here on only monotonic time counts.
    public static long DeadlineOf(EndpointCore core, TimeSpan limit, ServerCallContext context)
    {
        if (context.Deadline != DateTime.MaxValue)
        {
            var left = context.Deadline - core.Time.GetUtcNow().UtcDateTime;
            limit = left < limit ? left : limit;
        }

        return DeadlineIn(core, limit);
    }

    private static long DeadlineIn(EndpointCore core, TimeSpan limit) =>
        limit.TotalDays > 36_500
            ? 0
            : core.Time.GetTimestamp() + (long)(Math.Max(limit.TotalSeconds, 0) * core.Time.TimestampFrequency);

    private static TimeSpan LimitOf(RunRequest request) =>
        request.TimeLimit is { } requested && !UnaryTask.IsImpossible(requested) ? requested.ToTimeSpan() : TimeSpan.MaxValue;
}
