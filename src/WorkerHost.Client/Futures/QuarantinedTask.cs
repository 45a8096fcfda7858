using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>A task that the pool runs no more, because workers died of it; see <c>WorkerPool.Quarantined</c>. Immutable.</summary>
/// <param name="Id">The task's id: the caller's, or the one that the pool made up.</param>
/// <param name="Name">The task's name.</param>
/// <param name="Deaths">The deaths of all workers that had it, oldest first.</param>
public sealed record QuarantinedTask(string Id, string Name, ImmutableArray<DeathReport> Deaths)
{
    /// <summary>What whoever submits it again is told.</summary>
    internal TaskFailure Refusal(SettingNames names) => new()
    {
        Kind = TaskFailureKind.Quarantined,
        NeverStarted = true,
        Deaths = Deaths,
        Message = $"task {Name} ({Id}) is in quarantine because workers died of it; it was not started again. {names.Call("WorkerPool.Release", Id)} lets it run. The last death: {Deaths[^1]}",
    };
}
