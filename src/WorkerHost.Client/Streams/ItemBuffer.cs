using System.Threading.Channels;

namespace WorkerHost.Client;

/// <summary>What comes of an item that arrived.</summary>
internal enum ItemVerdict
{
    Taken,

    /// <summary>There was no room for it, and the endpoint knew.</summary>
    TooMany,

    /// <summary>It is larger than the pool takes.</summary>
    TooLong,

    /// <summary>The parts of it do not make one.</summary>
    Torn,
}

/// <summary>
/// The items of one stream between the connection that reads them and the loop that takes them. Never more than the worker was told that
/// there is room for: so many items and <see cref="MaxBytes"/>, and one item of any size beyond that. One thread adds, one takes.
/// </summary>
/// <param name="maxItems">Room for so many.</param>
/// <param name="maxItemBytes">The largest item.</param>
internal sealed class ItemBuffer(int maxItems, int maxItemBytes)
{
    /// <summary>Room for so many bytes: some frames, so that a worker nearby never waits for a consumer that does not wait either.</summary>
    public const int MaxBytes = 1024 * 1024;

    private readonly Channel<(ReadOnlyMemory<byte> Data, string ContentType)> channel = Channel.CreateUnbounded<(ReadOnlyMemory<byte>, string)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock gate = new();

    // Came, and their room was not given back.
    private long heldItems;
    private long heldBytes;

    // The consumer's: taken, and their room not given back.
    private int takenItems;
    private long takenBytes;

    // The reader's: an item that comes in parts, and whose.
    private byte[]? partial;
    private int partialLength;
    private (EndpointState Endpoint, ulong Sequence) partialOf;

    public int MaxItems => maxItems;

    public int MaxItemBytes => maxItemBytes;

    /// <summary>Gives room back to the worker: so many items and bytes. Set before the first is taken.</summary>
    public Action<int, long>? GiveBack { get; set; }

    /// <summary>Told when an item is larger than may be.</summary>
    public Action? TooLong { get; set; }

    public ItemVerdict Add(EndpointState endpoint, in IncomingNews item)
    {
        if (item.TotalBytes > (ulong)maxItemBytes || item.Data.Length > maxItemBytes)
        {
            return ItemVerdict.TooLong;
        }

        var data = item.Data;
        if (item.TotalBytes == 0 && item.More)
        {
            // Whole and not the last part of itself: the dispatcher has not counted it as given.
            return ItemVerdict.Torn;
        }

        if (item.TotalBytes > 0)
        {
            if (!HasRoom)
            {
                return ItemVerdict.TooMany;
            }

            if (!Append(endpoint, item))
            {
                return ItemVerdict.Torn;
            }

            if (item.More)
            {
                return ItemVerdict.Taken;
            }

            data = partial!;
            partial = null;
        }

        lock (gate)
        {
            if (heldItems >= maxItems || heldBytes >= MaxBytes)
            {
                return ItemVerdict.TooMany;
            }

            heldItems++;
            heldBytes += data.Length;
        }

        // False after the end: nobody takes it any more.
        channel.Writer.TryWrite((data, item.ContentType));
        return ItemVerdict.Taken;
    }

    /// <summary>No more will come.</summary>
    public void Complete() => channel.Writer.TryComplete();

    /// <summary>False: what is there was taken, and no more comes.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => channel.Reader.WaitToReadAsync(cancellationToken);

    public bool TryTake(out (ReadOnlyMemory<byte> Data, string ContentType) item)
    {
        if (!channel.Reader.TryRead(out item))
        {
            return false;
        }

        takenItems++;
        takenBytes += item.Data.Length;

        // Half of it at once: one message for many small items, and the worker never stands still for want of room.
        if (takenItems >= (maxItems + 1) / 2 || takenBytes >= MaxBytes / 2)
        {
            var (items, bytes) = (takenItems, takenBytes);
            (takenItems, takenBytes) = (0, 0);
            lock (gate)
            {
                heldItems -= items;
                heldBytes -= bytes;
            }

            GiveBack?.Invoke(items, bytes);
        }

        return true;
    }

    private bool HasRoom
    {
        get
        {
            lock (gate)
            {
                return heldItems < maxItems && heldBytes < MaxBytes;
            }
        }
    }

    /// <summary>Puts the parts of an item together; false: it is none that goes on. What another attempt left unfinished is forgotten.</summary>
    private bool Append(EndpointState endpoint, in IncomingNews item)
    {
        if (partial is null || partialOf != (endpoint, item.Sequence))
        {
            partial = GC.AllocateUninitializedArray<byte>((int)item.TotalBytes);
            partialOf = (endpoint, item.Sequence);
            partialLength = 0;
        }

        if (partial.Length != (int)item.TotalBytes || item.Data.Length > partial.Length - partialLength || item.More == (partialLength + item.Data.Length == partial.Length))
        {
            return false;
        }

        item.Data.CopyTo(partial.AsSpan(partialLength));
        partialLength += item.Data.Length;
        return true;
    }
}
