using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>What the owner loop is told. Each message is about one slot or about all.</summary>
internal abstract record SupervisorMessage
{
    public sealed record Booted(WorkerId Id) : SupervisorMessage;

    /// <param name="Id">Whose end.</param>
    /// <param name="Worker">Its process; null where it did not even come to planning one.</param>
    /// <param name="Facts">How it ended.</param>
    /// <param name="PeakMemoryBytes">Null where not known.</param>
    public sealed record Exited(WorkerId Id, WorkerProcess? Worker, ExitFacts Facts, long? PeakMemoryBytes) : SupervisorMessage;

    /// <param name="Slot">Whose timer.</param>
    /// <param name="Number">Which setting of it: a message of an older one is a leftover.</param>
    public sealed record TimerElapsed(int Slot, long Number) : SupervisorMessage;

    /// <summary>Somebody wants something of one worker, who may be gone by now.</summary>
    /// <param name="Id">Of whom.</param>
    /// <param name="At">What it is for the slot.</param>
    public sealed record Request(WorkerId Id, Func<TimeSpan, SlotEvent.Request> At) : SupervisorMessage;

    /// <summary>Something of the whole crew is to be changed.</summary>
    /// <param name="Apply">How.</param>
    /// <param name="Goal">What whoever asked waits for.</param>
    public sealed record Change(Func<Crew, TimeSpan, ImmutableArray<CrewAction>> Apply, Goal Goal) : SupervisorMessage;

    /// <summary>Something that concerns every supervisor of this process, only to be said.</summary>
    public sealed record Noticed(SupervisorEvent What) : SupervisorMessage;

    /// <summary>It is time to look at all workers.</summary>
    public sealed record Look : SupervisorMessage;

    public sealed record Stop : SupervisorMessage;
}
