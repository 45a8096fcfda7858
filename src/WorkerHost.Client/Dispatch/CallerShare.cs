namespace WorkerHost.Client;

/// <summary>
/// One of several callers whose tasks share a pool's queue: whoever submits for others makes one for each of them, and gives it to
/// their tasks. It belongs to one pool, and needs no farewell: without tasks nobody knows it. Touched only inside the gate.
/// </summary>
internal sealed class CallerShare
{
    private readonly ShareQueue?[] levels = new ShareQueue?[TurnQueue.Levels];
    private TurnQueue? home;

    /// <summary>Its tasks that have a place in the queue, of all priorities.</summary>
    public int Tasks { get; private set; }

    /// <summary>The payloads of those.</summary>
    public long Bytes { get; private set; }

    /// <summary>Those who wait for a place; null: nobody has so far.</summary>
    public WaiterLine? Waiters { get; set; }

    /// <summary>What of its tasks waits with one priority.</summary>
    public ShareQueue At(int level) => levels[level] ??= new ShareQueue();

    /// <exception cref="InvalidOperationException">It belongs to another pool.</exception>
    public void Join(TurnQueue queue)
    {
        home ??= queue;
        if (home != queue)
        {
            throw new InvalidOperationException("a share belongs to one pool, and this one to another; make one for each pool that a caller uses");
        }
    }

    /// <summary>
    /// It may hold as much as it leaves free, and one task in any case: so there is a place left for who has none, however many come
    /// with however much, and a queue with <i>n</i> greedy callers has the <i>n</i> + 1st part free (the dynamic thresholds of
    /// shared-memory switches: Choudhury and Hahne, 1998).
    /// </summary>
    /// <param name="bytes">Of the payload of one more task.</param>
    /// <param name="freeTasks">What the queue has room for, this task included.</param>
    /// <param name="freeBytes">The same in bytes.</param>
    public bool MayTake(int bytes, int freeTasks, long freeBytes) =>
        (Tasks == 0 || Tasks < freeTasks) && (Bytes == 0 || Bytes + bytes <= freeBytes - bytes);

    /// <summary>One of its tasks has a place.</summary>
    public void Took(int bytes)
    {
        Tasks++;
        Bytes += bytes;
    }

    /// <summary>One of its tasks has left its place.</summary>
    public void Left(int bytes)
    {
        Tasks--;
        Bytes -= bytes;
    }
}

/// <summary>The tasks of one caller that wait with one priority, and how much it has been served.</summary>
internal sealed class ShareQueue
{
    public TaskQueue Tasks { get; } = new();

    /// <summary>Microseconds of lanes after which its next turn comes, on the common scale of its <see cref="FairQueue"/>.</summary>
    public double Start;

    /// <summary>When it came or had its last turn, in turns: among equals the one that waits longest goes first.</summary>
    public long Since;

    /// <summary>In the heap of those that wait; negative: nothing of it waits.</summary>
    public int Place = -1;

    public bool GoesBefore(ShareQueue other) => Start < other.Start || (Start == other.Start && Since < other.Since);
}
