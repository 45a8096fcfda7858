using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What a worker says of a task's progress, on its way to the client.</summary>
internal sealed class HostedProgress(TaskRun run) : IProgress<TaskProgress>
{
    public void Report(TaskProgress value)
    {
        run.Began();
        run.Output!.Report(value.Fraction, value.Message);
    }
}
