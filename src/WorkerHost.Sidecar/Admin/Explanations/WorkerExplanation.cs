using WorkerHost.Client;

namespace WorkerHost.Sidecar.Admin.Explanations;

/// <summary>Why does this worker take no tasks, and why did it die? In sentences, the answer first.</summary>
internal static class WorkerExplanation
{
    /// <exception cref="Grpc.Core.RpcException">NOT_FOUND: it is gone, and nothing of it is kept.</exception>
    public static IEnumerable<string> Of(WorkerReference worker, DateTimeOffset now)
    {
        if (worker.Status is { } status)
        {
            var endpoint = worker.Pool.Pool.Endpoints.FirstOrDefault(e => e.Worker == worker.Id);
            return Of(status, endpoint, worker.Supervisor.Options, worker.Pool.Pool.IsPaused, now);
        }

        var death = worker.Supervisor.Events.Kept.OfType<SupervisorEvent.Died>().LastOrDefault(died => died.Report.Worker == worker.Id);
        if (death is null)
        {
            worker.Alive();
        }

        var successor = worker.Supervisor.Workers.FirstOrDefault(w => w.Id.Slot == worker.Id.Slot);
        return successor is null
            ? [Gone(death!.Report, now), $"The pool has no such slot any more: it wants {worker.Supervisor.WorkersWanted} workers."]
            : [Gone(death!.Report, now), $"In its slot is {successor.Id} now: {StateOf(successor, now)}."];
    }

    /// <summary>One worker of a picture.</summary>
    public static IEnumerable<string> Of(WorkerStatus status, EndpointPicture? endpoint, SupervisorOptions options, bool isPaused, DateTimeOffset now)
    {
        yield return $"Worker {status.Id}{(status.Pid == 0 ? "" : $" (pid {status.Pid})")}: {StateOf(status, now)}.";
        if (status is { State: SlotState.Ready, IsSpare: false })
        {
            yield return endpoint switch
            {
                null => "Its pool has no session with it yet.",
                { Obstacle: { } obstacle } => $"Its pool gives it nothing new: {obstacle}.",
                _ when isPaused => "Its pool is paused and gives it nothing new until it is resumed.",
                _ => $"Its pool gives it tasks, and it runs up to {endpoint.Concurrency} at the same time.",
            };
        }

        if (endpoint is { Tasks.IsEmpty: false })
        {
            yield return $"It has {string.Join("; ", endpoint.Tasks.Take(10).Select(task => TaskExplanation.InWorker(task, now)))}{(endpoint.Tasks.Length > 10 ? $"; and {endpoint.Tasks.Length - 10} more" : "")}.";
        }

        if (status.LeavingBecause is not null && endpoint is { Tasks.IsEmpty: false })
        {
            yield return $"It may finish what it has; after {DurationText.Exact(options.DrainTimeout)} ({options.Names["SupervisorOptions.DrainTimeout"]}) an event says that it still works.";
        }

        if (status.IsSuspect)
        {
            yield return $"It has shown no sign of life for {DurationText.Of(status.SilentFor ?? TimeSpan.Zero)}; after {DurationText.Exact(options.Liveness.DeadAfter)} ({options.Names["Liveness.DeadAfter"]}) it is killed.";
        }

        if (status.IsBeingDebugged)
        {
            yield return "A debugger is attached to it: it is neither killed for silence nor recycled.";
        }

        if (status.BreakerOpen)
        {
            yield return $"Its slot's breaker is open: more than {options.Restart.Intensity} workers died in it without being of use within {DurationText.Exact(options.Restart.Period)} ({options.Names["Restart.Intensity"]}, {options.Names["Restart.Period"]}), so it is tried again slowly until a worker is of use.";
        }

        if (status.LastDeath is { } death && !(status.Pid == 0 && death.Worker == status.Id))
        {
            yield return $"The one before it in its slot: {death}";
        }
    }

    /// <summary>What it is doing, in half a sentence.</summary>
    public static string StateOf(WorkerStatus status, DateTimeOffset now) => status.State switch
    {
        SlotState.Starting when status.StartedAt is { } at => $"it has been booting for {DurationText.Of(now - at)}",
        SlotState.Starting => "its process is about to be started",
        SlotState.Ready when status.IsSpare => "it is ready and waits as a spare for a place",
        SlotState.Ready => $"it takes tasks, runs {status.RunningTasks} and has finished {status.TasksFinished}{(status.ReadyAt is { } at ? $" since it was ready {DurationText.Of(now - at)} ago" : "")}",
        SlotState.Draining or SlotState.Stopping => $"it gets no new tasks and is to leave, because {status.LeavingBecause ?? "its pool is stopping"}; it still runs {status.RunningTasks}",
        SlotState.BackingOff or SlotState.CrashLooping when status.LastDeath is { } death => $"there is no process{NextTry(status, now)}; {death}",
        SlotState.BackingOff or SlotState.CrashLooping => $"there is no process{NextTry(status, now)}",
        SlotState.Stopped or SlotState.Empty => "its slot is empty",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status.State, "not a state of a slot"),
    };

    private static string NextTry(WorkerStatus status, DateTimeOffset now) => status.NextTryAt is { } next
        ? $", the next is started {(next > now ? $"in {DurationText.Of(next - now)}" : "now")}"
        : "";

    private static string Gone(DeathReport death, DateTimeOffset now) => $"It ended {DurationText.Of(now - death.Time)} ago: {death}";
}
