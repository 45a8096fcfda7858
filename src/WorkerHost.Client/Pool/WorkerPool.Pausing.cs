namespace WorkerHost;

/// <summary>Pausing.</summary>
public sealed partial class WorkerPool
{
    /// <summary>It accepts tasks and begins none; see <see cref="Pause"/>.</summary>
    public bool IsPaused => loop.IsPaused;

    /// <summary>
    /// From now on tasks are accepted and begin only after <see cref="Resume"/>: they wait in the queue, whose limits and
    /// whose tasks' time limits hold as ever. What runs goes on; what a worker was given ahead and has not begun is asked back, and a
    /// task that it begins before it has heard of it runs. Workers are started and replaced as before. A pool that
    /// is stopped with <see cref="StopMode.Finish"/> goes on by itself, because what it has accepted is to end. Pausing a paused pool
    /// changes nothing. Thread-safe.
    /// </summary>
    public void Pause() => loop.Pause();

    /// <summary>Tasks begin again, those that waited first. Of a pool that is not paused it changes nothing. Thread-safe.</summary>
    public void Resume() => loop.Resume();
}
