using System.Globalization;

namespace WorkerHost.Client;

/// <summary>
/// Refuses a task that would wait beyond its time limit: better told at once than when it is too late to go elsewhere.
/// It reckons with the least that the wait can be, from what is known for certain: only the tasks that surely go before,
/// only names that were seen often enough, no more than each of them takes at least, all lanes at work and nothing running before.
/// </summary>
internal sealed partial class Dispatcher
{
    /// <summary>The least wait must be so many times the limit: times change, and workers come.</summary>
    private const double AdmissionMargin = 1.25;

    /// <summary>Of all endpoints that are open: a spare may serve at any moment.</summary>
    public int OpenLanes
    {
        get
        {
            var count = 0;
            foreach (var endpoint in endpoints)
            {
                count += endpoint.Open ? endpoint.Concurrency : 0;
            }

            return count;
        }
    }

    private TaskFailure? WouldBeTooLate(TaskEntry entry, TimeSpan limit)
    {
        if (!options.AdmitByDeadline || queue.Count == 0 || LaneIsFree())
        {
            return null;
        }

        var lanes = OpenLanes;
        if (lanes == 0)
        {
            return null;
        }

        var before = queue.Before(entry);
        double work = 0;
        double longest = 0;
        var shortest = double.PositiveInfinity;
        var unseen = before.All;
        foreach (var service in serviceTimes.Values)
        {
            for (var level = before.Level; level < before.End; level++)
            {
                if (service.Waiting[level] == 0)
                {
                    continue;
                }

                if (level == before.Level && before.Own < before.All)
                {
                    shortest = Math.Min(shortest, service.AtLeast);
                    unseen -= service.Waiting[level];
                    continue;
                }

                work += service.Waiting[level] * service.AtLeast;
                longest = Math.Max(longest, service.AtLeast);
            }
        }

        if (before.Own < before.All && unseen == 0)
        {
            // Which names those have nobody has counted: each takes at least as long as the shortest of all.
            work += before.Own * shortest;
            longest = before.Own == 0 ? longest : Math.Max(longest, shortest);
        }

        // When the task begins, all before it have begun, but one in each lane need not have ended.
        var wait = work / lanes - longest;
        return wait <= limit.TotalMicroseconds * AdmissionMargin ? null : new TaskFailure
        {
            Kind = TaskFailureKind.Rejected,
            NeverStarted = true,
            RetryAfter = TimeSpan.FromMicroseconds(Math.Clamp(wait - limit.TotalMicroseconds, 1000, 60e6)),
            Message = string.Create(
                CultureInfo.InvariantCulture,
                $"task {entry.Task} would not begin within its time limit of {limit.TotalSeconds:0.###} s ({options.Names["TaskOptions.TimeLimit"]}): {before.Tasks} tasks wait before it that take at least {work / 1e6:0.###} s together, and there are {lanes} lanes; come again later, or set {options.Names["WorkerPoolOptions.AdmitByDeadline"]} to false"),
        };
    }
}
