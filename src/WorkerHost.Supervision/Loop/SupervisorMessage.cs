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

    public sealed record Kill(WorkerId Id, string Reason, TimeSpan Grace) : SupervisorMessage;

    public sealed record Reject(WorkerId Id, string Reason) : SupervisorMessage;

    public sealed record Recycle(WorkerId Id, string Reason) : SupervisorMessage;

    public sealed record Stop : SupervisorMessage;
}
