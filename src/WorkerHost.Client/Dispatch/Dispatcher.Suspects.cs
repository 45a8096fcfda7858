using System.Globalization;

namespace WorkerHost.Client;

/// <summary>
/// Tasks that were running when a worker died of its own making. Each is tried again on a worker that has nothing
/// else: what dies then was killed by it, and by nobody else.
/// </summary>
internal sealed partial class Dispatcher
{
    private readonly TaskQueue suspects = new();

    /// <summary>Gets nothing more until it is empty, because every worker is busy and a suspect waits.</summary>
    private EndpointState? emptying;

    /// <summary>Of those that are queued.</summary>
    public int QueuedSuspects => suspects.Count;

    private TaskEntry? FirstQueued => queue.Next ?? suspects.Head;

    private long QueuedBytes => queue.Bytes + suspects.Bytes + heldBytes;

    private void Dequeue(TaskEntry entry)
    {
        if (entry.IsSuspect)
        {
            suspects.Remove(entry);
        }
        else
        {
            queue.Remove(entry);
        }
    }

    private void DispatchSuspects(long now)
    {
        while (suspects.Head is { } entry)
        {
            if (entry.Deadline <= now)
            {
                suspects.Remove(entry);
                EndStopped(entry, StopReason.Expired, neverStarted: true);
                continue;
            }

            if (endpoints.Find(static e => e.IsUsable && e.InFlight.Count == 0) is not { } empty)
            {
                EmptyOne();
                return;
            }

            suspects.Remove(entry);
            Empty(null);
            Send(entry, empty, now);
        }

        Empty(null);
    }

    /// <summary>One at a time: the rest of the pool goes on as before.</summary>
    private void EmptyOne()
    {
        if (emptying is { IsUsable: true } || endpoints.Exists(static e => e.IsUsable && e.HasSuspect))
        {
            return;
        }

        Empty(null);
        EndpointState? least = null;
        foreach (var endpoint in endpoints)
        {
            if (endpoint.TakesTasks && GoesFirst(endpoint, least))
            {
                least = endpoint;
            }
        }

        Empty(least);
    }

    private void Empty(EndpointState? endpoint)
    {
        if (emptying is not null)
        {
            emptying.Emptying = false;
        }

        emptying = endpoint;
        if (endpoint is not null)
        {
            endpoint.Emptying = true;
        }
    }

    private void PutInQuarantine(TaskEntry entry, TaskFailure failure)
    {
        Record(entry, failure);
        var deaths = entry.LastFailure!.Deaths;
        var task = new QuarantinedTask(entry.IdWith(options.IdPrefix), entry.Task, deaths);
        quarantine.Add(task);
        entry.LastFailure = entry.LastFailure with
        {
            Kind = TaskFailureKind.Quarantined,
            Message = string.Create(
                CultureInfo.InvariantCulture,
                $"task {entry.Task} ({task.Id}) was the only one running when {entry.Convictions} workers died, and is not tried again: it is in quarantine until {(options.Names.AreMembers ? "WorkerPool.Release" : options.Names.Call("WorkerPool.Release", task.Id))} ({options.Names["WorkerPoolOptions.QuarantineAfter"]} = {options.QuarantineAfter}). The last death: {deaths[^1]}"),
        };
        actions.Add(new DispatchAction(DispatchActionKind.Quarantined, entry, Outcome: AttemptOutcome.Failed(entry.LastFailure)));
        EndWithLastFailure(entry);
    }
}
