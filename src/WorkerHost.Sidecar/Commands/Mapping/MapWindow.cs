namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>How much was read and is not written yet: so many items and bytes, and whatever the first item takes. One reader enters; anybody leaves.</summary>
internal sealed class MapWindow(int items, long bytes)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? room;
    private int count;
    private long held;

    /// <summary>Waits for room.</summary>
    public async ValueTask EnterAsync(long size, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (count == 0 || (count < items && held + size <= bytes))
                {
                    count++;
                    held += size;
                    return;
                }

                wait = (room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Leave(long size)
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            count--;
            held -= size;
            waiting = room;
            room = null;
        }

        waiting?.TrySetResult();
    }
}
