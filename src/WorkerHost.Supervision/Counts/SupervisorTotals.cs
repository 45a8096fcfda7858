using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>What a supervisor has counted since it started. Numbers only rise, whichever workers come and go. Immutable.</summary>
public sealed record SupervisorTotals
{
    internal static SupervisorTotals None { get; } = new();

    /// <summary>Processes that were started.</summary>
    public long Starts { get; internal init; }

    /// <summary>Ends of workers by cause, planned ones too; a cause that never occurred is missing.</summary>
    public ImmutableSortedDictionary<DeathCause, long> Deaths { get; internal init; } = ImmutableSortedDictionary<DeathCause, long>.Empty;

    /// <summary>Planned replacements among the <see cref="Deaths"/>.</summary>
    public long Recycles => Deaths.GetValueOrDefault(DeathCause.Recycle);

    /// <summary>Tasks that workers have finished, in those that are gone and in those that are there.</summary>
    public long TasksFinished { get; internal init; }

    internal SupervisorTotals With(SupervisorEvent what) => what switch
    {
        SupervisorEvent.Started => this with { Starts = Starts + 1 },
        SupervisorEvent.Died { Report: var death } => this with
        {
            Deaths = Deaths.SetItem(death.Cause, Deaths.GetValueOrDefault(death.Cause) + 1),
            TasksFinished = TasksFinished + (death.TasksFinished ?? 0),
        },
        _ => this,
    };
}
