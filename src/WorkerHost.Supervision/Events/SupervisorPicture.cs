using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>Everything a supervisor shows of itself, at one moment. Immutable; made by the owner loop, read by anyone.</summary>
/// <param name="Slots">Of every slot, empty ones too.</param>
/// <param name="Size">What is wanted.</param>
/// <param name="ReadyAtLeast">How many workers must take tasks.</param>
/// <param name="Generation">The crew's.</param>
/// <param name="FailedGeneration">The crew's.</param>
/// <param name="GenerationIsThere">Every worker is of the present generation and every place is served.</param>
/// <param name="IsStopping">It was told to stop.</param>
/// <param name="LastDeath">Of any of its workers.</param>
/// <param name="Names">What settings are called in texts.</param>
internal sealed record SupervisorPicture(
    ImmutableArray<WorkerStatus> Slots,
    CrewSize Size,
    int ReadyAtLeast,
    int Generation,
    int FailedGeneration,
    bool GenerationIsThere,
    bool IsStopping,
    DeathReport? LastDeath,
    SettingNames Names)
{
    /// <summary>A generation whose end was not told yet; 0: none.</summary>
    public int RestartUnderWay { get; init; }

    public SupervisorTotals Totals { get; init; } = SupervisorTotals.None;

    public SupervisorReadiness Readiness { get; } = SupervisorReadiness.Of(Slots, Size.Workers, ReadyAtLeast, IsStopping, LastDeath, Names);

    public static SupervisorPicture Before(CrewSize size, int readyAtLeast, SettingNames names) => new([], size, readyAtLeast, 1, 0, false, false, null, names);
}
