namespace WorkerHost;

/// <summary>
/// Which of the waiting tasks goes first. The higher one does, and within a priority the older one of each caller. None starves: a
/// priority of which a task waits gets at least every 16th turn, whatever is submitted above it.
/// </summary>
public enum TaskPriority
{
    /// <summary>When nothing else waits, and now and then.</summary>
    Lowest = -2,

    /// <summary>Before <see cref="Lowest"/>.</summary>
    Low = -1,

    /// <summary>What a task has that says nothing.</summary>
    Normal = 0,

    /// <summary>Before <see cref="Normal"/>: somebody is looking at the screen.</summary>
    High = 1,

    /// <summary>Before everything else.</summary>
    Highest = 2,
}
