using System.Globalization;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Admin;

/// <summary>A worker that a request has named, found.</summary>
/// <param name="Pool">Its pool.</param>
/// <param name="Supervisor">Of its pool.</param>
/// <param name="Id">Which worker.</param>
/// <param name="Status">As it is; null: it is gone, and its slot is another's or nobody's.</param>
internal sealed record WorkerReference(HostedPool Pool, Supervisor Supervisor, WorkerId Id, WorkerStatus? Status)
{
    private const string Form = "a worker is written pool/slot#incarnation, as images/2#7, or pool/slot for the one that is there now";

    /// <param name="pools">The pools there are.</param>
    /// <param name="text"><c>pool/slot#incarnation</c> or <c>pool/slot</c>; without the pool where there is one only.</param>
    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT: it is written otherwise. NOT_FOUND: no such slot; says which workers there are.</exception>
    /// <exception cref="NoSuchPoolException">There is no such pool, or several.</exception>
    public static WorkerReference Find(HostedPools pools, string text)
    {
        var slash = text.LastIndexOf('/');
        var hash = text.IndexOf('#', slash + 1);
        var incarnation = 0L;
        if (!int.TryParse(text.AsSpan(slash + 1, (hash < 0 ? text.Length : hash) - slash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var slot)
            || (hash >= 0 && !long.TryParse(text.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out incarnation)))
        {
            throw Refusals.BadInput($"\"{text}\" is no worker; {Form}");
        }

        var pool = Holder(pools, slash < 0 ? "" : text[..slash], slot, incarnation);
        var supervisor = SupervisorOf(pool);
        var workers = supervisor.Workers;
        var there = workers.FirstOrDefault(worker => worker.Id.Slot == slot);
        return there is null && hash < 0
            ? throw Refusals.NotFound($"there is no worker {pool.Name}/{slot}; the workers of pool {pool.Name} are {Names(workers)}")
            : there is null || (hash >= 0 && there.Id.Incarnation != incarnation)
                ? new WorkerReference(pool, supervisor, new WorkerId(pool.Name, slot, incarnation), null)
                : new WorkerReference(pool, supervisor, there.Id, there);
    }

    /// <summary>The pool of that name; or one of that name that is leaving and has just that worker, where the one that is not has no such one.</summary>
    private static HostedPool Holder(HostedPools pools, string name, int slot, long incarnation)
    {
        var named = name.Length == 0 ? [pools.Find(name)] : pools.WithLeaving(name);
        return named.FirstOrDefault(pool => Has(pool, slot, incarnation)) ?? named[0];
    }

    private static bool Has(HostedPool pool, int slot, long incarnation) =>
        pool.Pool.Workers.Any(worker => worker.Id.Slot == slot && (incarnation == 0 || worker.Id.Incarnation == incarnation));

    /// <exception cref="Grpc.Core.RpcException">NOT_FOUND: it has no process that could be told anything; says what is there.</exception>
    public WorkerStatus Alive()
    {
        if (Status is { State: SlotState.Starting or SlotState.Ready or SlotState.Draining or SlotState.Stopping } status)
        {
            return status;
        }

        var now = Supervisor.Workers.FirstOrDefault(worker => worker.Id.Slot == Id.Slot);
        throw Refusals.NotFound(
            $"worker {Id} is gone; "
            + (now is null ? $"the workers of pool {Pool.Name} are {Names(Supervisor.Workers)}"
                : now.Pid == 0 ? $"its slot waits for its next worker ({now.State})"
                : $"in its slot is {now.Id} (pid {now.Pid})"));
    }

    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION: the pool's workers are no processes of ours.</exception>
    public static Supervisor SupervisorOf(HostedPool pool) => pool.Pool.Source as Supervisor
        ?? throw Refusals.NotNow($"pool {pool.Name} has no worker processes of its own");

    private static string Names(IReadOnlyCollection<WorkerStatus> workers) =>
        workers.Count == 0 ? "none" : string.Join(", ", workers.Take(50).Select(static worker => worker.Id)) + (workers.Count > 50 ? $" and {workers.Count - 50} more" : "");
}
