using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>
/// Whether enough workers take tasks. Not the same as being alive: a supervisor is alive for as long as its process is and
/// goes on trying, also when no worker can be had. Immutable.
/// </summary>
public sealed record SupervisorReadiness
{
    /// <summary>At least <see cref="Needed"/> workers take tasks.</summary>
    public required bool IsReady { get; init; }

    /// <summary>How many workers take tasks.</summary>
    public required int Serving { get; init; }

    /// <summary>How many must: <see cref="SupervisorOptions.ReadyAtLeast"/>, or all where fewer are wanted; at least 1.</summary>
    public required int Needed { get; init; }

    /// <summary>The same in words, with the setting that decides.</summary>
    public required string Reason { get; init; }

    /// <summary>The last death of any worker, which usually says why too few are ready; null when there was none.</summary>
    public DeathReport? LastDeath { get; init; }

    /// <summary>Nothing is wrong: it was told to stop.</summary>
    internal bool IsStopping { get; init; }

    internal static SupervisorReadiness Of(ImmutableArray<WorkerStatus> slots, int wanted, int atLeast, bool stopping, DeathReport? lastDeath, SettingNames? names = null)
    {
        var serving = slots.Count(static s => s is { State: SlotState.Ready, IsSpare: false });
        var needed = Math.Max(1, Math.Min(atLeast, wanted));
        var ready = !stopping && serving >= needed;
        var why = stopping ? "the supervisor is stopping"
            : wanted == 0 ? "the pool was scaled to 0 workers"
            : $"{serving} of {wanted} workers take tasks, needed: {needed} ({(names ?? SettingNames.Members)["SupervisorOptions.ReadyAtLeast"]})";
        return new SupervisorReadiness
        {
            IsReady = ready,
            Serving = serving,
            Needed = needed,
            Reason = ready || stopping || lastDeath is null ? why : $"{why}; the last death: {lastDeath}",
            LastDeath = lastDeath,
            IsStopping = stopping,
        };
    }
}
