using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>Stands in the way between a pool and a worker in its own process: for tests, which hold frames up or lose them there.</summary>
internal abstract class FrameTap
{
    /// <summary>Before the worker sees the frame; it waits for as long as this does. False: it never arrives.</summary>
    public abstract ValueTask<bool> ArrivesAsync(SessionRequest frame);

    /// <summary>Before the frame leaves the worker; false: it is lost.</summary>
    public abstract ValueTask<bool> LeavesAsync(SessionResponse frame);
}
