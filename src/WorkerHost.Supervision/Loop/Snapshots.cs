using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>Makes the immutable pictures that the supervisor shows to pools and to people. Pure.</summary>
internal static class Snapshots
{
    public static WorkerSet Workers(long version, IReadOnlyList<Seat> seats, ImmutableArray<WorkerDeath> deaths, DeathReport? lastDeath, int concurrency, string? noneWanted, TimeSpan now) => new(
        version,
        [.. seats.Where(s => s.Slot.Serves).Select(s => Endpoint(s.Worker!, concurrency))],
        [.. seats.Where(s => s.Slot.IsSpare).Select(s => Endpoint(s.Worker!, concurrency))],
        [.. seats.Where(IsLeaving).Select(s => s.Worker!.Id)],
        deaths,
        Outlook(seats, lastDeath, noneWanted, now));

    /// <summary>Whether anybody would see a difference.</summary>
    public static bool Same(WorkerSet one, WorkerSet other) =>
        one.Deaths.IsEmpty && other.Deaths.IsEmpty
        && one.Outlook == other.Outlook
        && one.Ready.SequenceEqual(other.Ready)
        && one.Spares.SequenceEqual(other.Spares)
        && one.Draining.SequenceEqual(other.Draining);

    public static WorkerStatus Status(string pool, Seat seat, DateTimeOffset today, TimeSpan now) => new()
    {
        Id = new WorkerId(pool, seat.Number, seat.Machine.Incarnation),
        State = seat.Machine.State,
        IsSpare = seat.Slot.IsSpare,
        Pid = seat.Worker?.Pid ?? 0,
        Process = seat.Worker?.Serving,
        Address = seat.Worker?.Plan.Address,
        StartedAt = seat.Worker?.StartedOn,
        ReadyAt = seat.Worker?.ReadyOn,
        BootTime = seat.Worker?.BootTime,
        LeavingBecause = seat.Machine.LeavingBecause,
        BreakerOpen = seat.Machine.IsOnProbation(now),
        NextTryAt = seat.Machine.NextTryAt is { } at ? today + (at - now) : null,
        LastDeath = seat.LastDeath,
        RunningTasks = seat.Worker?.Vitals.Signs?.Running ?? 0,
        TasksFinished = seat.Worker?.Vitals.Signs?.Finished ?? 0,
        ResidentBytes = seat.Worker?.Vitals.Signs is { ResidentBytes: > 0 and var bytes } ? bytes : null,
        SilentFor = seat.Worker is { ReadyOn: not null, Vitals: { Signs: not null } vitals } ? vitals.Silence : null,
        IsSuspect = seat.Worker?.Vitals.IsSuspect ?? false,
        IsBeingDebugged = seat.Worker?.Vitals.IsBeingDebugged ?? false,
    };

    private static WorkerEndpoint Endpoint(WorkerProcess worker, int concurrency) =>
        new(worker.Id, worker.Plan.Address, worker.Serving.Pid, worker.Plan.Secret, concurrency, worker.Vitals.Limits.Tasks);

    /// <summary>One that was never ready has no tasks, and no pool has ever heard of it.</summary>
    private static bool IsLeaving(Seat seat) =>
        seat.Machine.State is SlotState.Draining or SlotState.Stopping && seat.Worker is { ReadyOn: not null };

    public static WorkerOutlook Outlook(IReadOnlyList<Seat> seats, DeathReport? lastDeath, string? noneWanted, TimeSpan now)
    {
        var hopeless = seats.All(s => s.Machine is { BreakerOpen: true, State: not SlotState.Ready } or { State: SlotState.Stopped or SlotState.Empty });
        var trying = seats.Any(s => s.Machine.State is SlotState.Starting or SlotState.Ready);
        var next = trying ? null : seats.Min(s => s.Machine.NextTryAt);
        return new WorkerOutlook(hopeless, lastDeath, next is { } at ? Max(at - now, TimeSpan.Zero) : null, noneWanted);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
