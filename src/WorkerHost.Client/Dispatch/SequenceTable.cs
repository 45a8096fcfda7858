namespace WorkerHost.Client;

/// <summary>
/// Tasks in flight on one connection, by sequence. A ring indexed by the low bits finds one in a step. Sequences may
/// skip numbers, so a long task never makes the ring grow: the numbers that would share its place are left out.
/// </summary>
internal sealed class SequenceTable
{
    private TaskEntry?[] ring = new TaskEntry?[16];

    public int Count { get; private set; }

    /// <summary>Gives the entry the next sequence after <paramref name="last"/> whose place is free.</summary>
    public ulong Add(TaskEntry entry, ulong last)
    {
        if (Count * 2 >= ring.Length)
        {
            Grow();
        }

        var sequence = last + 1;
        while (ring[Place(sequence)] is not null)
        {
            sequence++;
        }

        entry.Sequence = sequence;
        ring[Place(sequence)] = entry;
        Count++;
        return sequence;
    }

    public TaskEntry? Find(ulong sequence)
    {
        var entry = ring[Place(sequence)];
        return entry is not null && entry.Sequence == sequence ? entry : null;
    }

    public void Remove(TaskEntry entry)
    {
        ring[Place(entry.Sequence)] = null;
        Count--;
    }

    /// <summary>A copy, oldest first.</summary>
    public List<TaskEntry> InOrder()
    {
        var all = new List<TaskEntry>(Count);
        foreach (var entry in ring)
        {
            if (entry is not null)
            {
                all.Add(entry);
            }
        }

        all.Sort(static (a, b) => a.Sequence.CompareTo(b.Sequence));
        return all;
    }

    private int Place(ulong sequence) => (int)(sequence & (ulong)(ring.Length - 1));

    private void Grow()
    {
        // Twice the length keeps different places different: no collision can arise.
        var old = ring;
        ring = new TaskEntry?[old.Length * 2];
        foreach (var entry in old)
        {
            if (entry is not null)
            {
                ring[Place(entry.Sequence)] = entry;
            }
        }
    }
}
