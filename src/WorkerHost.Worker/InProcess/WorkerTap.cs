using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// Stands between a worker without a process, its pool and its handlers: for tests, which hold things up there, lose them, or end the worker. Called from
/// any thread.
/// </summary>
internal abstract class WorkerTap
{
    /// <summary>Before the worker sees the frame; it waits for as long as this does. False: it never arrives.</summary>
    public abstract ValueTask<bool> ArrivesAsync(SessionRequest frame);

    /// <summary>Before the frame leaves the worker; false: it is lost.</summary>
    public abstract ValueTask<bool> LeavesAsync(SessionResponse frame);

    /// <summary>In the lane, when the start is marked and before the handler is called. What it throws is the handler's exception.</summary>
    public abstract void Begins(TaskRun run, CancellationToken cancellationToken);

    /// <summary>In the lane, when the handler has returned or thrown and before its end is marked.</summary>
    public abstract void Ends(TaskRun run);
}
