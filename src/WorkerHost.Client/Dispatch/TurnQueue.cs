using System.Numerics;

namespace WorkerHost.Client;

/// <summary>
/// The central queue: a queue per priority, and whose turn it is. The highest that waits goes first, but one that was
/// passed over often enough in a row goes before it (as Linux' deadline scheduler lets reads go before writes, but only
/// <c>writes_starved</c> times: Documentation/block/deadline-iosched). Within a priority the callers take turns. With one caller every
/// operation takes constant time, and where one priority is used nothing is counted.
/// </summary>
internal sealed class TurnQueue
{
    /// <summary>The first task of a priority goes at the latest in this turn from when it became the first.</summary>
    public const int LongestWait = 16;

    public const int Levels = 1 + TaskPriority.Highest - TaskPriority.Lowest;

    /// <summary>When it is due, each other level but the highest may be due too and go before it.</summary>
    private const int DueAfter = LongestWait - (Levels - 1);

    private readonly FairQueue[] levels = [.. Enumerable.Range(0, Levels).Select(static _ => new FairQueue())];

    /// <summary>Of tasks that are nobody's in particular.</summary>
    private readonly CallerShare own = new();

    /// <summary>Turns that went to other levels since this one had its last; 0 where nothing waits.</summary>
    private readonly int[] passed = new int[Levels];

    /// <summary>A bit for each level of which a task waits.</summary>
    private int waiting;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Whose turn it is; null: nobody waits.</summary>
    public TaskEntry? Next => waiting == 0 ? null : levels[BitOperations.IsPow2(waiting) ? BitOperations.Log2((uint)waiting) : Turn()].Head;

    /// <summary>All that wait, the highest first.</summary>
    public IEnumerable<TaskEntry> All() => levels.Reverse().SelectMany(static level => level.All());

    /// <summary>
    /// Which waiting tasks go before a new one, whatever comes meanwhile: those of its caller with its priority, but for those that it may overtake by its
    /// key, and all of higher ones if they are not so many that it is due before the last of them.
    /// </summary>
    public TasksBefore Before(TaskEntry entry)
    {
        var level = Index(entry);
        var own = Math.Max(0, ShareOf(entry).Tasks.Count - (entry.Options.AffinityHash == 0 ? 0 : Dispatcher.LookAhead - 1));
        var above = 0;
        for (var higher = level + 1; higher < Levels; higher++)
        {
            above += levels[higher].Count;
        }

        if (above > DueAfter * (own + 1) - passed[level])
        {
            above = 0;
        }

        return new TasksBefore(level, own, levels[level].Count, above == 0 ? level + 1 : Levels, own + above);
    }

    public void PushBack(TaskEntry entry)
    {
        ShareOf(entry).Tasks.PushBack(entry);
        Added(entry);
    }

    /// <inheritdoc cref="TaskQueue.PushRetried"/>
    public void PushRetried(TaskEntry entry)
    {
        ShareOf(entry).Tasks.PushRetried(entry);
        Added(entry);
    }

    /// <inheritdoc cref="TaskQueue.PushFront"/>
    public void PushFront(TaskEntry entry)
    {
        ShareOf(entry).Tasks.PushFront(entry);
        Added(entry);
    }

    /// <summary>It is not wanted any more: no turn is taken.</summary>
    public void Remove(TaskEntry entry)
    {
        var level = levels[Index(entry)];
        var share = ShareOf(entry);
        share.Tasks.Remove(entry);
        level.Removed(share);
        entry.Service!.Waiting[Index(entry)]--;
        Count--;
        Bytes -= entry.Bytes;
        if (level.Count == 0)
        {
            waiting &= ~Bit(entry);
            passed[Index(entry)] = 0;
        }
    }

    /// <summary>It is sent: the others that wait were passed over.</summary>
    public void TakeTurn(TaskEntry entry)
    {
        Remove(entry);
        levels[Index(entry)].TakeTurn(ShareOf(entry), entry);
        passed[Index(entry)] = 0;
        for (var others = waiting & ~Bit(entry); others != 0; others &= others - 1)
        {
            passed[BitOperations.TrailingZeroCount(others)]++;
        }
    }

    /// <summary>A task that was sent is off its endpoint's books.</summary>
    /// <inheritdoc cref="FairQueue.Correct"/>
    public void Correct(TaskEntry entry, double? microseconds) => levels[Index(entry)].Correct(ShareOf(entry), entry, microseconds);

    private int Turn()
    {
        var turn = BitOperations.Log2((uint)waiting);
        var most = DueAfter - 1;
        for (var level = 0; level < Levels; level++)
        {
            if (passed[level] > most)
            {
                (turn, most) = (level, passed[level]);
            }
        }

        return turn;
    }

    private void Added(TaskEntry entry)
    {
        levels[Index(entry)].Added(ShareOf(entry));
        entry.Service!.Waiting[Index(entry)]++;
        waiting |= Bit(entry);
        Count++;
        Bytes += entry.Bytes;
    }

    private ShareQueue ShareOf(TaskEntry entry) => (entry.Share ?? own).At(Index(entry));

    private static int Index(TaskEntry entry) => entry.Options.Priority - TaskPriority.Lowest;

    private static int Bit(TaskEntry entry) => 1 << Index(entry);
}

/// <summary>What goes before a new task.</summary>
/// <param name="Level">Its own.</param>
/// <param name="Own">So many tasks on that level: its caller's.</param>
/// <param name="All">So many are on that level: which of them those are, and how many of the others go before it, nobody knows.</param>
/// <param name="End">All tasks from the level above its own to the one before this.</param>
/// <param name="Tasks">Together.</param>
internal readonly record struct TasksBefore(int Level, int Own, int All, int End, int Tasks);
