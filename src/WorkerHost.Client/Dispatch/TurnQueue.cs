using System.Numerics;

namespace WorkerHost.Client;

/// <summary>
/// The central queue: a queue per priority, and whose turn it is. The highest that waits goes first, but one that was
/// passed over often enough in a row goes before it (as Linux' deadline scheduler lets reads go before writes, but only
/// <c>writes_starved</c> times: Documentation/block/deadline-iosched). Every operation takes constant time, and where one
/// priority is used nothing is counted.
/// </summary>
internal sealed class TurnQueue
{
    /// <summary>The first task of a priority goes at the latest in this turn from when it became the first.</summary>
    public const int LongestWait = 16;

    public const int Levels = 1 + TaskPriority.Highest - TaskPriority.Lowest;

    /// <summary>When it is due, each other level but the highest may be due too and go before it.</summary>
    private const int DueAfter = LongestWait - (Levels - 1);

    private readonly TaskQueue[] levels = [.. Enumerable.Range(0, Levels).Select(static _ => new TaskQueue())];

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
    /// Of which levels all waiting tasks go before a new one of this priority, whatever comes meanwhile, and how many they are: its
    /// own, and the higher ones if they are not so many that it is due before the last of them.
    /// </summary>
    public (int First, int End, int Tasks) Before(TaskPriority priority)
    {
        var own = priority - TaskPriority.Lowest;
        var tasks = levels[own].Count;
        var above = 0;
        for (var level = own + 1; level < Levels; level++)
        {
            above += levels[level].Count;
        }

        return above <= DueAfter * (tasks + 1) - passed[own] ? (own, Levels, tasks + above) : (own, own + 1, tasks);
    }

    public void PushBack(TaskEntry entry)
    {
        LevelOf(entry).PushBack(entry);
        Added(entry);
    }

    /// <inheritdoc cref="TaskQueue.PushRetried"/>
    public void PushRetried(TaskEntry entry)
    {
        LevelOf(entry).PushRetried(entry);
        Added(entry);
    }

    /// <inheritdoc cref="TaskQueue.PushFront"/>
    public void PushFront(TaskEntry entry)
    {
        LevelOf(entry).PushFront(entry);
        Added(entry);
    }

    /// <summary>It is not wanted any more: no turn is taken.</summary>
    public void Remove(TaskEntry entry)
    {
        var level = LevelOf(entry);
        level.Remove(entry);
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
        passed[Index(entry)] = 0;
        for (var others = waiting & ~Bit(entry); others != 0; others &= others - 1)
        {
            passed[BitOperations.TrailingZeroCount(others)]++;
        }
    }

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
        entry.Service!.Waiting[Index(entry)]++;
        waiting |= Bit(entry);
        Count++;
        Bytes += entry.Bytes;
    }

    private TaskQueue LevelOf(TaskEntry entry) => levels[Index(entry)];

    private static int Index(TaskEntry entry) => entry.Options.Priority - TaskPriority.Lowest;

    private static int Bit(TaskEntry entry) => 1 << Index(entry);
}
