namespace WorkerHost.Client;

/// <summary>
/// Room for items of a stream that comes over a call of its own: while there is none nothing is read, and HTTP/2 holds the endpoint back.
/// One thread waits, any gives. Thread-safe.
/// </summary>
internal sealed class StreamRoom(int items, long bytes)
{
    private readonly Lock gate = new();
    private long itemsLeft = items;
    private long bytesLeft = bytes;
    private TaskCompletionSource? waiting;

    public void Give(int moreItems, long moreBytes)
    {
        TaskCompletionSource? told;
        lock (gate)
        {
            itemsLeft += moreItems;
            bytesLeft += moreBytes;
            told = waiting;
            waiting = null;
        }

        told?.TrySetResult();
    }

    public void Take(int size)
    {
        lock (gate)
        {
            itemsLeft--;
            bytesLeft -= size;
        }
    }

    public async ValueTask AwaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task given;
            lock (gate)
            {
                if (itemsLeft > 0 && bytesLeft > 0)
                {
                    return;
                }

                given = (waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await given.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
