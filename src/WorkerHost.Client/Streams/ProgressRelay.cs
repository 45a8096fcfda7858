namespace WorkerHost.Client;

/// <summary>
/// Hands the reports of one task to its caller: on the thread pool, one at a time and in order. While the caller is at work the newest one
/// waits and the others are left out. Thread-safe.
/// </summary>
internal sealed class ProgressRelay(IProgress<TaskProgress> listener, TaskEntry entry, PoolIdentity pool) : IThreadPoolWorkItem
{
    /// <summary>The listener is quick and is told at once, on the reader's thread: so it has the last report before the outcome, behind which it may say nothing.</summary>
    public bool AtOnce { get; init; }

    private readonly Lock gate = new();
    private TaskProgress? newest;
    private bool telling;

    public void Report(double fraction, string message)
    {
        if (AtOnce)
        {
            Tell(new TaskProgress(pool.IdOf(entry), Math.Clamp(fraction, 0, 1), message));
            return;
        }

        lock (gate)
        {
            // The endpoint may say anything.
            newest = new TaskProgress(pool.IdOf(entry), Math.Clamp(fraction, 0, 1), message);
            if (telling)
            {
                return;
            }

            telling = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            TaskProgress next;
            lock (gate)
            {
                if (newest is null)
                {
                    telling = false;
                    return;
                }

                next = newest;
                newest = null;
            }

            Tell(next);
        }
    }

    private void Tell(TaskProgress next)
    {
        try
        {
            listener.Report(next);
        }
        catch (Exception e)
        {
            Log.ProgressThrew(pool.Logger, e, entry.Task);
        }
    }
}
