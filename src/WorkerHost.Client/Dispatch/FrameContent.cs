namespace WorkerHost.Client;

/// <summary>A piece of a large payload, sent ahead of its task. Without data: the rest will not come.</summary>
internal readonly record struct PayloadPiece(ulong Upload, int Offset, ReadOnlyMemory<byte> Data, int TotalBytes)
{
    public bool IsAbandoned => Data.IsEmpty;
}

/// <summary>Room for more items of a stream.</summary>
internal readonly record struct StreamGrant(ulong Sequence, int Items, long Bytes);

/// <summary>What the dispatcher puts into one frame to an endpoint; filled anew for each.</summary>
internal sealed class FrameContent
{
    public List<TaskEntry> Tasks { get; } = [];

    public List<ulong> Cancels { get; } = [];

    public List<ulong> Recalls { get; } = [];

    public List<StreamGrant> Grants { get; } = [];

    public List<ulong> CallCancels { get; } = [];

    /// <summary>To be read before <see cref="Tasks"/>.</summary>
    public List<PayloadPiece> Pieces { get; } = [];

    /// <summary>The one of <see cref="Tasks"/> whose payload is too large for half a frame; there is never more than one.</summary>
    public TaskEntry? Uploaded { get; private set; }

    /// <summary>So many frames with outcomes were read; 0: nothing new.</summary>
    public ulong OutcomesSeen { get; set; }

    /// <summary>Its last piece. The pieces before that were sent ahead under its number; without offset there were none.</summary>
    public PayloadPiece LastPiece { get; private set; }

    public bool IsEmpty => Tasks.Count + Cancels.Count + CallCancels.Count + Recalls.Count + Pieces.Count + Grants.Count == 0 && OutcomesSeen == 0;

    /// <summary>The task whose payload is complete with this frame.</summary>
    public void AddUploaded(TaskEntry entry, in PayloadPiece last)
    {
        Tasks.Add(entry);
        Uploaded = entry;
        LastPiece = last;
    }

    public void Clear()
    {
        Tasks.Clear();
        Cancels.Clear();
        Recalls.Clear();
        CallCancels.Clear();
        Pieces.Clear();
        Grants.Clear();
        Uploaded = null;
        OutcomesSeen = 0;
        LastPiece = default;
    }
}
