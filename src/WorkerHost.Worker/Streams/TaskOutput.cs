using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>One thing that is taken out of a <see cref="TaskOutput"/>.</summary>
internal enum OutputKind
{
    /// <summary>It says something when there is more.</summary>
    Nothing,

    /// <summary>There is something, and it needs more room.</summary>
    NoRoom,
    Report,
    Item,

    /// <summary>The task has ended, and everything it said before was taken.</summary>
    End,
}

/// <summary>A report, an item or a part of one, or the end.</summary>
internal readonly record struct OutputPart(ByteString Data, string ContentType, int TotalBytes, bool More, double Fraction, string Message, TaskEnd End);

/// <summary>
/// What a running task says before its end, between the lane that makes it and the writer that sends it: its items in their order, as
/// many as the reader has room for, and of its reports the newest. Thread-safe.
/// </summary>
/// <param name="sequence">The task's in its session.</param>
/// <param name="takesItems">Whoever submitted the task takes its items one by one.</param>
/// <param name="itemCredit">Room for so many items.</param>
/// <param name="byteCredit">And for so many bytes of them.</param>
/// <param name="ready">Told, outside of all locks, when there is something to take and the last taker had found nothing.</param>
internal sealed class TaskOutput(ulong sequence, bool takesItems, ulong itemCredit, ulong byteCredit, Action<TaskOutput> ready)
{
    private const int MaxReportBytes = 512;

    // Whatever credit the reader gives: what is not sent yet stays below a frame and one item.
    private const int MaxUnsentBytes = ProtocolLimits.MaxFrameBytes;
    private const int MaxUnsentItems = 4096;

    // Not a Lock: the lane waits at it.
    private readonly object gate = new();
    private readonly Queue<(ByteString Data, string ContentType)> items = new();
    private (double Fraction, string Message)? report;
    private TaskEnd? end;
    private long itemsLeft = Bounded(itemCredit);
    private long bytesLeft = Bounded(byteCredit);
    private int unsentBytes;
    private int sentOfFirst;
    private bool announced;
    private TaskCompletionSource? roomMade;
    private bool closed;

    public ulong Sequence => sequence;

    public bool TakesItems => takesItems;

    private bool HasRoom => itemsLeft > 0 && bytesLeft > 0 && unsentBytes < MaxUnsentBytes && items.Count < MaxUnsentItems;

    /// <summary>There is room at the reader's for more items.</summary>
    public void Grant(ulong moreItems, ulong moreBytes)
    {
        lock (gate)
        {
            itemsLeft = Math.Min(itemsLeft + Bounded(moreItems), long.MaxValue / 2);
            bytesLeft = Math.Min(bytesLeft + Bounded(moreBytes), long.MaxValue / 2);
            Pulse();
        }
    }

    /// <summary>Blocks the lane until there is room for an item.</summary>
    /// <exception cref="OperationCanceledException">The task is to stop.</exception>
    public void AwaitRoom(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (HasRoom)
            {
                return;
            }
        }

        // Taken off outside of the lock: taking off waits for a callback that runs, and the callback for the lock.
        using var stop = cancellationToken.UnsafeRegister(static output => ((TaskOutput)output!).Wake(), this);
        lock (gate)
        {
            while (!HasRoom)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Monitor.Wait(gate);
            }
        }
    }

    /// <summary>The same without blocking; ends at once when the task has ended.</summary>
    public Task RoomAsync()
    {
        lock (gate)
        {
            return closed || HasRoom ? Task.CompletedTask : (roomMade ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>An item, after <see cref="AwaitRoom"/> or <see cref="RoomAsync"/>.</summary>
    public void Add(ByteString data, string contentType)
    {
        lock (gate)
        {
            items.Enqueue((data, contentType));
            itemsLeft--;
            bytesLeft -= data.Length;
            unsentBytes += data.Length;
            if (!Announce())
            {
                return;
            }
        }

        ready(this);
    }

    /// <summary>How far the task is. Takes the place of what was reported before and is not sent; after the end it is nothing any more.</summary>
    public void Report(double fraction, string? message)
    {
        var said = message is null ? "" : BoundedText.Cut(message, MaxReportBytes);
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            report = (double.IsNaN(fraction) ? fraction : Math.Clamp(fraction, 0, 1), said);
            if (!Announce())
            {
                return;
            }
        }

        ready(this);
    }

    /// <summary>The task has ended: that is taken last.</summary>
    /// <returns>True: whoever takes has to be told, by the caller.</returns>
    public bool Close(in TaskEnd how)
    {
        lock (gate)
        {
            closed = true;
            end = how;
            return Announce();
        }
    }

    /// <summary>The task has ended, and its end goes another way.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
        }
    }

    /// <summary>Takes the next thing.</summary>
    /// <param name="room">So many bytes of data may be taken.</param>
    /// <param name="maxPart">An item that is longer is taken in parts of that length.</param>
    /// <param name="part">What was taken.</param>
    public OutputKind Take(int room, int maxPart, out OutputPart part)
    {
        part = default;
        lock (gate)
        {
            if (report is { } news)
            {
                if (room < MaxReportBytes)
                {
                    return OutputKind.NoRoom;
                }

                report = null;
                part = new OutputPart(ByteString.Empty, "", 0, false, news.Fraction, news.Message, default);
                return OutputKind.Report;
            }

            if (items.TryPeek(out var first))
            {
                return TakeItem(first, room, maxPart, ref part);
            }

            if (end is { } last)
            {
                end = null;
                part = new OutputPart(ByteString.Empty, "", 0, false, 0, "", last);
                return OutputKind.End;
            }

            announced = false;
            return OutputKind.Nothing;
        }
    }

    private static long Bounded(ulong value) => (long)Math.Min(value, long.MaxValue / 4);

    private OutputKind TakeItem((ByteString Data, string ContentType) item, int room, int maxPart, ref OutputPart part)
    {
        var left = item.Data.Length - sentOfFirst;
        var length = left <= Math.Min(room, maxPart) ? left : Math.Min(ProtocolLimits.ChunkOf(left, room), maxPart);
        if (length == 0 && left > 0)
        {
            return OutputKind.NoRoom;
        }

        var isWhole = length == item.Data.Length;
        var more = length < left;
        var data = isWhole ? item.Data : UnsafeByteOperations.UnsafeWrap(item.Data.Memory.Slice(sentOfFirst, length));
        part = new OutputPart(data, item.ContentType, isWhole ? 0 : item.Data.Length, more, 0, "", default);
        unsentBytes -= length;
        sentOfFirst = more ? sentOfFirst + length : 0;
        if (!more)
        {
            items.Dequeue();
        }

        Pulse();
        return OutputKind.Item;
    }

    // Under the gate.
    private void Pulse()
    {
        Monitor.PulseAll(gate);
        if (roomMade is not null && (closed || HasRoom))
        {
            roomMade.TrySetResult();
            roomMade = null;
        }
    }

    // Under the gate.
    private bool Announce()
    {
        var first = !announced;
        announced = true;
        return first;
    }

    private void Wake()
    {
        lock (gate)
        {
            Pulse();
        }
    }
}
