using Google.Protobuf.WellKnownTypes;
using WorkerHost.V1;
using Kind = WorkerHost.V1.TaskFailureKind;

namespace WorkerHost.Worker;

/// <summary>The failures a worker can answer with, each with a message for the person who reads it.</summary>
internal static class TaskFailures
{
    private const int MaxNamesListed = 50;

    // A failure passes wherever the smallest result does.
    private const int MaxBytes = ProtocolLimits.MessageOverheadBytes * 3 / 4;

    public static TaskFailure FromHandler(TaskRun run, Exception exception)
    {
        var failure = Of(run, Kind.TaskFailed, $"task \"{run.Task}\" threw {exception.GetType().FullName}: {RemoteErrors.MessageOf(exception)}");
        failure.Error = run.Answer is { StatusCode: not 0 } ? RemoteErrors.WithoutStack(exception) : RemoteErrors.From(exception);
        if (exception is RetryableTaskException retryable)
        {
            failure.Retryable = true;
            if (retryable.RetryAfter is { } after && after >= TimeSpan.Zero)
            {
                failure.RetryAfter = Duration.FromTimeSpan(after);
            }
        }

        FailureSize.Shrink(failure, MaxBytes);
        return failure;
    }

    public static TaskFailure ResultNotWritable(TaskRun run, Exception exception)
    {
        var failure = Of(run, Kind.TaskFailed, $"the result of task \"{run.Task}\" could not be written: {RemoteErrors.MessageOf(exception)}");
        failure.Error = RemoteErrors.From(exception);
        FailureSize.Shrink(failure, MaxBytes);
        return failure;
    }

    public static TaskFailure ResultTooLarge(TaskRun run, int size, int limit) => Of(
        run,
        Kind.TaskFailed,
        $"the result of task \"{run.Task}\" is {size} bytes, more than the limit of {limit} bytes (MaxMessageBytes of the pool's options)");

    public static TaskFailure ItemTooLarge(TaskRun run, int size, int limit) => Of(
        run,
        Kind.TaskFailed,
        $"an item of task \"{run.Task}\" is {size} bytes, more than the limit of {limit} bytes (MaxMessageBytes of the pool's options)");

    public static TaskFailure UnknownTask(TaskRun run, IReadOnlyCollection<string> known)
    {
        var names = string.Join(", ", known.Take(MaxNamesListed));
        if (known.Count > MaxNamesListed)
        {
            names += $" and {known.Count - MaxNamesListed} more";
        }

        // What to do comes first: there may be many names, and texts are cut.
        var knows = known.Count == 0 ? "it has no tasks; call MapTask before RunAsync" : $"it knows {names}";
        return NeverStarted(run, Kind.UnknownTask, $"{run.Core.Called} has no task \"{run.Task}\"; {Remedy(run.Task)}{knows}");
    }

    public static TaskFailure BadInput(TaskRun run, string message) => NeverStarted(run, Kind.BadInput, message);

    public static TaskFailure Cancelled(TaskRun run, bool started) => started
        ? Of(run, Kind.Cancelled, $"task \"{run.Task}\" was cancelled while it ran")
        : NeverStarted(run, Kind.Cancelled, $"task \"{run.Task}\" was cancelled before it started");

    /// <summary>It runs on, but nobody waits for it any more.</summary>
    public static TaskFailure GivenUp(TaskRun run, StopCause cause) => Of(
        run,
        cause == StopCause.TimeLimit ? Kind.DeadlineExceeded : Kind.Cancelled,
        $"task \"{run.Task}\" did not heed its {(cause == StopCause.TimeLimit ? "time limit" : "cancellation")} and was left to its thread, where it may still run: in the process of its pool it cannot be killed");

    /// <summary>The cancellation came when the handler had returned and its result was on its way.</summary>
    public static TaskFailure Withdrawn(EndpointCore core, int size) => new()
    {
        Kind = Kind.Cancelled,
        Message = $"the task was cancelled when it had run to completion and its result of {size} bytes was on its way",
        RanToCompletion = true,
        Worker = core.WorkerName,
    };

    public static TaskFailure TimeLimitPassed(TaskRun run, bool started) => started
        ? Of(run, Kind.DeadlineExceeded, $"the time limit of task \"{run.Task}\" passed while it ran")
        : NeverStarted(run, Kind.DeadlineExceeded, $"the time limit of task \"{run.Task}\" passed before it started");

    public static TaskFailure Draining(TaskRun run)
    {
        var failure = NeverStarted(run, Kind.Rejected, $"{run.Core.Called} is leaving and takes nothing new");
        failure.RetryAfter = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));
        return failure;
    }

    public static TaskFailure Full(TaskRun run, string what)
    {
        var failure = NeverStarted(run, Kind.Rejected, $"{run.Core.Called} already holds {what}");
        failure.RetryAfter = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));
        return failure;
    }

    /// <summary>Where the name is one that the pool makes.</summary>
    private static string Remedy(string task)
    {
        if (task.StartsWith('/') && task.LastIndexOf('/') is > 1 and var slash)
        {
            return $"a gRPC method is known after worker.MapGrpcService<…>() of the class that implements {task[1..slash]}; ";
        }

        return task.LastIndexOf('.') is > 0 and var dot && !task.Contains('/', StringComparison.Ordinal)
            ? $"a public function is known after worker.MapTasks(typeof({task[(task.LastIndexOf('.', dot - 1) + 1)..dot]})); "
            : "";
    }

    private static TaskFailure NeverStarted(TaskRun run, Kind kind, string message)
    {
        var failure = Of(run, kind, message);
        failure.NeverStarted = true;
        return failure;
    }

    private static TaskFailure Of(TaskRun run, Kind kind, string message) => new()
    {
        Kind = kind,
        Message = BoundedText.Cut(message, RemoteErrors.MaxMessageBytes),
        TaskId = BoundedText.Cut(run.Id, ProtocolLimits.MaxNameLength),
        Task = BoundedText.Cut(run.Task, ProtocolLimits.MaxNameLength),
        Worker = run.Core.WorkerName,
    };
}
