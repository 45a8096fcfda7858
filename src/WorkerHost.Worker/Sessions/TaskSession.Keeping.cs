namespace WorkerHost.Worker;

/// <summary>What was sent and may not have come: a host keeps it until the client has seen it, in case the session breaks.</summary>
internal sealed partial class TaskSession
{
    // A client that says nothing of what it has seen is not to fill the memory: what it would be given after a break is bounded.
    private const int MostUnseen = 65_536;
    private const long MostUnseenBytes = 64 * 1024 * 1024;

    private readonly Lock keeping = new();
    private readonly Queue<(object Kept, int Bytes)> unseen = new();
    private readonly Queue<int> unseenFrames = new();
    private long unseenBytes;
    private ulong framesForgotten;

    /// <summary>What the core knows of this client; null: nothing, as in a worker.</summary>
    public object? Client { get; private set; }

    // The writer's, just before it sends the frame.
    private void KeepUntilSeen()
    {
        if (Client is null || frames.Frame.Outcomes.Count == 0)
        {
            return;
        }

        lock (keeping)
        {
            foreach (var (kept, bytes) in frames.Kept)
            {
                unseen.Enqueue((kept, bytes));
                unseenBytes += bytes;
            }

            unseenFrames.Enqueue(frames.Kept.Count);
            while (unseen.Count > MostUnseen || unseenBytes > MostUnseenBytes)
            {
                ForgetFrame(wasSeen: false);
            }
        }
    }

    // The reader's.
    private void Forget(ulong framesSeen)
    {
        lock (keeping)
        {
            if (Client is null || framesSeen > framesForgotten + (ulong)unseenFrames.Count)
            {
                throw SessionRefusal.Broken($"the client has seen {framesSeen} frames with outcomes, but only {framesForgotten + (ulong)unseenFrames.Count} were sent");
            }

            while (framesForgotten < framesSeen)
            {
                ForgetFrame(wasSeen: true);
            }
        }
    }

    private void ForgetFrame(bool wasSeen)
    {
        framesForgotten++;
        for (var left = unseenFrames.Dequeue(); left > 0; left--)
        {
            var (kept, bytes) = unseen.Dequeue();
            unseenBytes -= bytes;
            if (wasSeen)
            {
                core.Seen(kept);
            }
            else
            {
                core.Unkept(kept);
            }
        }
    }
}
