using System.Collections.Concurrent;

namespace WorkerHost.Supervision;

/// <summary>
/// What one worker leaves when it has ended, and nobody else would ever remove: its directory, its control group, and what the
/// runtimes of its processes have made for debuggers. Thread-safe.
/// </summary>
internal sealed class WorkerRemains(LaunchPlan plan)
{
    private readonly ConcurrentQueue<ProcessIdentity> processes = new();

    /// <summary>A process of it: the one that was spawned, and what its launcher has started.</summary>
    public void BelongsTo(ProcessIdentity process) => processes.Enqueue(process);

    /// <summary>Once the worker has ended.</summary>
    public async Task RemoveAsync(TimeProvider time)
    {
        plan.Directory.Delete();
        if (plan.ControlGroup is { } group)
        {
            await group.RemoveAsync(time).ConfigureAwait(false);
        }

        foreach (var process in processes)
        {
            RuntimeLeftovers.Delete(plan.TemporaryDirectory, process);
        }
    }
}
