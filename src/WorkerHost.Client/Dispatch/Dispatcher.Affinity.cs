namespace WorkerHost.Client;

/// <summary>Tasks that would rather go to one worker than to another. Who has no key is not concerned, and no lane ever waits.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>
    /// From so many tasks at the head of a caller's queue a worker gets the first that prefers it, and so many at most overtake one by it. Without it keys are
    /// worth nothing where many wait: of 8 keys on 4 workers at nine tenths of the load a quarter found their worker, as without keys; with 16 it was nearly half.
    /// </summary>
    public const int LookAhead = 16;

    /// <summary>Of those with a free lane the one that its key prefers; where none is free, of those that may hold more.</summary>
    private EndpointState? PickFor(ulong key, TaskEntry entry)
    {
        EndpointState? best = null;
        var (bestIsFree, bestWeight) = (false, 0UL);
        foreach (var endpoint in endpoints)
        {
            if (!endpoint.TakesTasks || !HasRoom(endpoint, entry))
            {
                continue;
            }

            var isFree = endpoint.InFlight.Count < endpoint.Concurrency;
            var weight = Affinity.Weight(key, endpoint.Worker.Id.Slot);
            if (best is null || (isFree == bestIsFree ? weight > bestWeight : isFree))
            {
                (best, bestIsFree, bestWeight) = (endpoint, isFree, weight);
            }
        }

        return best;
    }

    /// <summary>The first task has its turn and would go to this endpoint although it prefers another: so its turn is that of one close behind it that prefers this one.</summary>
    private TaskEntry Closest(TaskEntry first, EndpointState endpoint, long now)
    {
        if (Prefers(first, endpoint))
        {
            return first;
        }

        var passed = first;
        for (var looks = 1; looks < LookAhead && MayBePassed(passed) && passed.Next is { } entry; looks++)
        {
            if (entry.Options.AffinityHash != 0 && entry.Deadline > now && Prefers(entry, endpoint) && HasRoom(endpoint, entry))
            {
                for (var before = first; before != entry; before = before!.Next)
                {
                    before!.Overtaken++;
                }

                return entry;
            }

            passed = entry;
        }

        return first;
    }

    /// <summary>What goes before all others does also here.</summary>
    private static bool MayBePassed(TaskEntry entry) => entry is { Place: QueuePlace.Back, Overtaken: < LookAhead, Options.AffinityHash: not 0 };

    private bool Prefers(TaskEntry entry, EndpointState endpoint)
    {
        var weight = Affinity.Weight(entry.Options.AffinityHash, endpoint.Worker.Id.Slot);
        foreach (var other in endpoints)
        {
            if (other.TakesTasks && Affinity.Weight(entry.Options.AffinityHash, other.Worker.Id.Slot) > weight)
            {
                return false;
            }
        }

        return true;
    }
}
