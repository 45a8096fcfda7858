using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What a host says itself of a task.</summary>
internal static class HostedFailures
{
    public static V1.TaskFailure Forgotten(SessionTask run, PoolCore core) => Lost(
        run,
        $"task \"{run.Task}\" was submitted in an earlier session, and {core.Called} does not know it any more: its outcome was kept for as long as keptOutcomes of the pool says. It may have run; it is not run again because it is not idempotent");

    public static V1.TaskFailure BrokenStream(TaskRun run) => Lost(
        run, $"the connection broke while the items of task \"{run.Task}\" were on their way: those are lost, and the task was cancelled");

    private static V1.TaskFailure Lost(TaskRun run, string message) => new()
    {
        Kind = V1.TaskFailureKind.WorkerLost,
        Message = message,
        TaskId = run.Id,
        Task = run.Task,
    };
}
