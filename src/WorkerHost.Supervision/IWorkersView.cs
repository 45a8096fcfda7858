using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>What whoever keeps the workers of a pool can tell of them; a snapshot each, thread-safe.</summary>
internal interface IWorkersView
{
    /// <summary>One status per place of a worker.</summary>
    ImmutableArray<WorkerStatus> Workers { get; }

    /// <summary>Whether enough workers take tasks, and why not.</summary>
    SupervisorReadiness Readiness { get; }
}
