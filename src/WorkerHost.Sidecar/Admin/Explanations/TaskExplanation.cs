using WorkerHost.Client;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Admin.Explanations;

/// <summary>Where is this task, and why has it not begun? In sentences, the answer first.</summary>
internal static class TaskExplanation
{
    /// <param name="pools">Where to look for it.</param>
    /// <param name="id">The task's.</param>
    /// <param name="now">By the wall clock.</param>
    /// <exception cref="Grpc.Core.RpcException">NOT_FOUND: nobody knows it.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<HostedPool> pools, string id, DateTimeOffset now)
    {
        if (id.Length == 0)
        {
            throw Refusals.BadInput("the request has no id of a task");
        }

        foreach (var hosted in pools)
        {
            // First: whoever submits it again would hear of this.
            if (hosted.Pool.Quarantined.FirstOrDefault(task => task.Id == id) is { } poison)
            {
                return
                [
                    $"Task {id} ({poison.Name}) is in quarantine in pool {hosted.Name}: {poison.Deaths.Length} workers died of it, and it is not run again until it is released.",
                    .. poison.Deaths.Select(static death => $"{death}"),
                ];
            }

            if (hosted.Pool.Find(id) is { } task)
            {
                return [.. Of(hosted, task, now)];
            }
        }

        throw Refusals.NotFound(
            $"no task \"{id}\" is known in {(pools.Count == 0 ? "a host without pools" : string.Join(", ", pools.Select(static pool => $"pool {pool.Name}")))}: "
            + "it has not come, was refused, or has ended. How a task with an id of the caller's ended is known for some minutes (keptOutcomes of its pool)");
    }

    /// <summary>One task as its worker has it.</summary>
    public static string InWorker(TaskPicture task, DateTimeOffset now) =>
        $"{task.Id} ({task.Task}), {(task.IsRunning ? $"which runs{Since(task, now)}" : "which waits for a lane")}{(task.Stop == StopReason.None ? "" : " and was told to stop")}";

    private static IEnumerable<string> Of(HostedPool hosted, TaskPicture task, DateTimeOffset now)
    {
        var name = $"Task {task.Id} ({task.Task})";
        var attempt = $"attempt {task.Attempt} of at most {task.MaxAttempts}";
        switch (task.Phase)
        {
            case TaskPhase.New:
                yield return $"{name} waits for a place in the queue of pool {hosted.Name}, which is full ({Key(hosted, "QueueCapacity")}, {Key(hosted, "QueueBytes")}): {hosted.Pool.QueuedTasks} tasks wait in it, and {hosted.Pool.Waiters} for a place.";
                break;
            case TaskPhase.Queued:
                yield return $"{name} waits in the queue of pool {hosted.Name}, where {hosted.Pool.QueuedTasks} tasks wait; its {attempt} has not begun.";
                yield return WhyNotBegun(hosted, task, now);
                break;
            case TaskPhase.Sent when task.IsRunning:
                yield return $"{name} runs in worker {task.Worker}: {attempt}{Since(task, now)}.";
                break;
            case TaskPhase.Sent:
                yield return $"{name} was given to worker {task.Worker} ahead and has not begun there: it waits for a lane.";
                if (hosted.Pool.Endpoints.FirstOrDefault(endpoint => endpoint.Worker == task.Worker) is { } there)
                {
                    yield return $"Before it there are {string.Join("; ", there.Tasks.TakeWhile(other => other.Id != task.Id).Take(10).Select(other => InWorker(other, now)))}.";
                }

                break;
            case TaskPhase.Retrying when task.Attempt == 0:
                yield return $"{name} was accepted, and its attempt pipeline has not begun it.";
                break;
            case TaskPhase.Retrying:
                yield return $"{name} is between two attempts: its {attempt} has failed, and it waits for the next ({Key(hosted, "Retry")}).";
                break;
            case TaskPhase.Done:
                yield return $"{name} has ended{EndOf(task)}";
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(task), task.Phase, "not a phase of a task");
        }

        if (task.Phase != TaskPhase.Done && task.Stop is StopReason.Cancelled or StopReason.Expired)
        {
            yield return $"It was told to stop, because {(task.Stop == StopReason.Cancelled ? "its caller cancelled it" : "its time limit has passed")}; its caller has been told, and a worker that does not heed it is killed after the graces ({Key(hosted, "CancelGrace")}, {Key(hosted, "TerminateGrace")}).";
        }

        if (task.Phase != TaskPhase.Done && task.LastFailure is { } failure)
        {
            yield return $"Its last failed attempt: {failure.Message}";
        }
    }

    private static string WhyNotBegun(HostedPool hosted, TaskPicture task, DateTimeOffset now)
    {
        var pool = hosted.Pool;
        if (pool.IsPaused)
        {
            return "The pool is paused: it begins no tasks until it is resumed.";
        }

        if (task.IsSuspect)
        {
            return "A worker died while it ran, so that it runs alone from now on: it waits for a worker that has nothing else to do.";
        }

        var endpoints = pool.Endpoints;
        var serving = endpoints.Where(static endpoint => endpoint.TakesTasks).ToList();
        if (serving.Count == 0)
        {
            var others = endpoints.Where(static endpoint => endpoint.Obstacle is not null).Take(10).Select(static endpoint => $"{endpoint.Worker}: {endpoint.Obstacle}").ToList();
            var readiness = (pool.Source as IWorkersView)?.Readiness.Reason;
            return $"No worker takes tasks: {string.Join("; ", new[] { readiness }.OfType<string>().Concat(others))}.";
        }

        var room = serving.Find(static endpoint => endpoint.Tasks.Length < endpoint.Concurrency);
        return room is not null
            ? $"Worker {room.Worker} has a free lane: it is about to begin."
            : $"Every worker that takes tasks is busy: {string.Join("; ", serving.Take(10).Select(endpoint => $"{endpoint.Worker} has {InWorker(endpoint.Tasks[0], now)}"))}{(serving.Count > 10 ? $"; and {serving.Count - 10} more" : "")}.";
    }

    private static string EndOf(TaskPicture task) => task.Outcome switch
    {
        null => ".",
        { IsSuccess: true } => $" with its result, in its attempt {task.Attempt}.",
        { Failure: { } failure } => $": {failure.Message}",
        { Error: { } error } => $": its attempt pipeline threw {error.GetType().Name}: {error.Message}",
        _ => ".",
    };

    private static string Key(HostedPool hosted, string setting) => HostSettingNames.Of(hosted.Name)[$"{nameof(WorkerPoolOptions)}.{setting}"];

    private static string Since(TaskPicture task, DateTimeOffset now) => task.SentAt is { } at ? $" since {DurationText.Of(now - at)}" : "";
}
