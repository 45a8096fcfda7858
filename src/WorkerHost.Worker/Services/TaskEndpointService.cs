using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>The gRPC face of the worker's tasks.</summary>
internal sealed class TaskEndpointService(EndpointCore core) : TaskEndpoint.TaskEndpointBase
{
    public override async Task<RunResponse> Run(RunRequest request, ServerCallContext context)
    {
        var (run, end) = await RunToItsEndAsync(request, context).ConfigureAwait(false);
        if (end.Failure is { } failure)
        {
            throw FailureTrailers.ToException(failure, core.IsDraining, end.Answer);
        }

        return Response(run, end);
    }

    /// <summary>Runs one task as a call of its own.</summary>
    /// <exception cref="RpcException">The worker is leaving, or it is not the pool that the request names.</exception>
    public async Task<(UnaryTask Run, TaskEnd End)> RunToItsEndAsync(RunRequest request, ServerCallContext context)
    {
        var run = new UnaryTask(core, request, core.Find(request.Task), DeadlineOf(core, LimitOf(request), context));
        if (!core.EnterCall())
        {
            throw FailureTrailers.ToException(TaskFailures.Draining(run), draining: true);
        }

        try
        {
            return (run, await RunAsync(run, context.CancellationToken).ConfigureAwait(false));
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
        var run = new EventTask(core, task, core.Find(task.Task), DeadlineOf(core, LimitOf(task), context), takesItems: !request.CollectsItems);
        if (!core.EnterCall())
        {
            throw FailureTrailers.ToException(TaskFailures.Draining(run), draining: true);
        }

        try
        {
            await TellAsync(run, responseStream, context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException && context.CancellationToken.IsCancellationRequested)
        {
            // A write that finds nobody there: the caller's right, and no error of ours.
            throw new RpcException(new Status(StatusCode.Cancelled, "the call was broken off", e));
        }
        finally
        {
            core.LeaveCall();
        }
    }

    private async Task TellAsync(EventTask run, IServerStreamWriter<RunWithEventsResponse> responses, CancellationToken cancellationToken)
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
            throw FailureTrailers.ToException(failure, core.IsDraining, end.Answer);
        }

        await responses.WriteAsync(new RunWithEventsResponse { Outcome = Response(run, end) }, cancellationToken).ConfigureAwait(false);
    }

    public override async Task OpenSession(
        IAsyncStreamReader<SessionRequest> requestStream,
        IServerStreamWriter<SessionResponse> responseStream,
        ServerCallContext context)
    {
        var session = new TaskSession(core, requestStream, responseStream, context.GetHttpContext().Abort);
        try
        {
            await session.RunAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException && context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the session was broken off", e));
        }
    }

    public override Task<DescribeResponse> Describe(DescribeRequest request, ServerCallContext context)
    {
        if (request.Pool.Length > 0 && request.Pool != core.Worker.Pool)
        {
            throw NoSuchPool(request.Pool);
        }

        return Task.FromResult(new DescribeResponse
        {
            Pool = core.Worker.Pool,
            Worker = core.WorkerName,
            HostInstance = core.Launch.HostInstance,
            Tasks = { core.Tasks.Describe() },
            Capabilities = { core.Capabilities },
            Concurrency = (uint)core.Launch.Concurrency,
            MinProtocol = ProtocolLimits.MinVersion,
            MaxProtocol = ProtocolLimits.MaxVersion,
            MaxMessageBytes = (ulong)core.MaxMessageBytes,
        });
    }

    private RunResponse Response(UnaryTask run, in TaskEnd end) => new()
    {
        Result = new Payload { ContentType = end.ContentType, Data = end.Data },
        Id = run.Id,
        Worker = core.WorkerName,
        Attempts = (uint)run.Attempt,
        Answer = end.Answer,
    };

    /// <summary>Queues it and waits for its end. The caller has entered the call.</summary>
    public async Task<TaskEnd> RunAsync(UnaryTask run, CancellationToken cancellationToken)
    {
        if (Objection(run) is { } objection)
        {
            return TaskEnd.FailedWith(objection);
        }

        TaskRun?[] runs = [run];
        core.Queue.Enqueue(runs);
        if (runs[0] is not null)
        {
            return TaskEnd.FailedWith(TaskFailures.Full(run, $"{core.Queue.Waiting} tasks"));
        }

        // Drain() emptied the queue between our entry and now.
        if (core.IsDraining && core.Queue.TryRemove(run))
        {
            run.GiveBack();
        }

        using var registration = cancellationToken.UnsafeRegister(static state => ((UnaryTask)state!).CancelByCaller(), run);
        return await run.Ended.ConfigureAwait(false);
    }

    private TaskFailure? Objection(UnaryTask run)
    {
        if (run.Handler is null)
        {
            return TaskFailures.UnknownTask(run, core.Tasks.Names);
        }

        if (run.RequestedPool.Length > 0 && run.RequestedPool != core.Worker.Pool)
        {
            throw NoSuchPool(run.RequestedPool);
        }

        if (run.Id.Length > ProtocolLimits.MaxNameLength)
        {
            return TaskFailures.BadInput(run, $"the task's id has {run.Id.Length} characters; the limit is {ProtocolLimits.MaxNameLength}");
        }

        return run.HasImpossibleTimeLimit
            ? TaskFailures.BadInput(run, "time_limit is not a duration above zero")
            : core.Objection(run);
    }

    private RpcException NoSuchPool(string pool) => new(new Status(
        StatusCode.NotFound, $"no pool \"{BoundedText.Cut(pool, 200)}\" here; worker {core.Worker} belongs to \"{core.Worker.Pool}\""));

    // The nearer of the request's time limit and the call's deadline. The deadline is wall-clock time by nature; from
    // here on only monotonic time counts.
    public static long DeadlineOf(EndpointCore core, TimeSpan limit, ServerCallContext context)
    {
        if (context.Deadline != DateTime.MaxValue)
        {
            var left = context.Deadline - core.Time.GetUtcNow().UtcDateTime;
            limit = left < limit ? left : limit;
        }

        return limit.TotalDays > 36_500
            ? 0
            : core.Time.GetTimestamp() + (long)(Math.Max(limit.TotalSeconds, 0) * core.Time.TimestampFrequency);
    }

    private static TimeSpan LimitOf(RunRequest request) =>
        request.TimeLimit is { } requested && !UnaryTask.IsImpossible(requested) ? requested.ToTimeSpan() : TimeSpan.MaxValue;
}
