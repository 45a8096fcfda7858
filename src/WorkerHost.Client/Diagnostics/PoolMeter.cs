using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace WorkerHost.Client;

/// <summary>
/// What metrics say of all pools in this process; the list with the meaning of each is in docs/observability.md. Counters
/// and levels are read from what the dispatchers count anyway, when somebody collects; durations are measured only while
/// somebody listens.
/// </summary>
internal static class PoolMeter
{
    public const string Name = "WorkerHost.Client";

    public const string Pool = "workerhost.pool.name";

    public const string Task = "workerhost.task.name";

    private const string Outcome = "workerhost.task.outcome";

    public static readonly Metered<WorkerPool> Pools = new();

    private static readonly string[] Outcomes = [.. Enumerable.Range(0, DispatchCounts.OutcomeCounts.Kinds).Select(static k => Text((TaskFailureKind)k))];
    private static readonly Meter Meter = new(Name, typeof(PoolMeter).Assembly.GetName().Version?.ToString(3));
    private static readonly Histogram<double> QueueDuration = Meter.CreateHistogram<double>("workerhost.task.queue.duration", "s", "From the submission of a task until it was first handed to a worker.");
    private static readonly Histogram<double> TaskDuration = Meter.CreateHistogram<double>("workerhost.task.duration", "s", "From the submission of a task until its outcome, attempts and pauses included.");

    static PoolMeter()
    {
        Meter.CreateObservableCounter("workerhost.pool.tasks.submitted", () => Observe(static (_, counts) => counts.Submitted), "{task}", "Tasks that were accepted.");
        Meter.CreateObservableCounter("workerhost.pool.tasks.refused", () => Observe(static (pool, _) => pool.RefusedTasks), "{task}", "Tasks that were not accepted.");
        Meter.CreateObservableCounter("workerhost.pool.tasks.ended", static () => Pools.Observe(ObserveOutcomes), "{task}", "Accepted tasks that have ended, by outcome.");
        Meter.CreateObservableCounter("workerhost.pool.tasks.dispatched", () => Observe(static (_, counts) => counts.Dispatched), "{task}", "Times that a task was handed to a worker: attempts, and again what came back unstarted.");
        Meter.CreateObservableCounter("workerhost.pool.tasks.retried", () => Observe(static (_, counts) => counts.Retries), "{task}", "Attempts after a failed one.");
        Meter.CreateObservableCounter("workerhost.pool.tasks.late_outcomes", () => Observe(static (pool, _) => pool.LateOutcomes), "{task}", "Outcomes that came after their task had ended and were dropped.");
        Meter.CreateObservableUpDownCounter("workerhost.pool.queue.length", () => Observe(static (pool, _) => pool.QueuedTasks), "{task}", "Tasks that wait in the queue.");
        Meter.CreateObservableUpDownCounter("workerhost.pool.tasks.unsettled", () => Observe(static (pool, _) => pool.UnsettledTasks), "{task}", "Accepted tasks of which something still waits or runs.");
        Meter.CreateObservableGauge("workerhost.pool.paused", () => Observe(static (pool, _) => pool.IsPaused ? 1 : 0), "1", "1 while the pool begins no tasks because it was paused, else 0.");
        Meter.CreateObservableUpDownCounter("workerhost.pool.tasks.quarantined", () => Observe(static (pool, _) => pool.QuarantinedCount), "{task}", "Tasks in quarantine because workers died of them.");
    }

    /// <summary>Somebody wants to know how long tasks take.</summary>
    public static bool MeasuresTasks => QueueDuration.Enabled || TaskDuration.Enabled;

    public static void Waited(string pool, string task, TimeSpan time) =>
        Record(QueueDuration, time, new() { { Pool, pool }, { Task, task } });

    public static void Ended(string pool, string task, in AttemptOutcome outcome, TimeSpan time) =>
        Record(TaskDuration, time, new() { { Pool, pool }, { Task, task }, { Outcome, Outcomes[(int)(outcome.Failure?.Kind ?? default)] } });

    /// <summary>As attributes are written: <c>worker_lost</c>; 0 is <c>succeeded</c>.</summary>
    public static string Text(TaskFailureKind kind) =>
        kind == default ? "succeeded" : AttributeText.Of(kind);

    private static void Record(Histogram<double> histogram, TimeSpan time, in TagList attributes)
    {
        try
        {
            histogram.Record(time.TotalSeconds, attributes);
        }
        catch (Exception)
        {
            // A listener of the user's threw: the task goes on all the same.
        }
    }

    private static IEnumerable<Measurement<long>> Observe(Func<WorkerPool, DispatchCounts, long> look) =>
        Pools.Observe(pool => [new(look(pool, pool.Counts), new KeyValuePair<string, object?>(Pool, pool.Name))]);

    private static IEnumerable<Measurement<long>> ObserveOutcomes(WorkerPool pool)
    {
        var counts = pool.Counts.Outcomes;
        for (var kind = 0; kind < DispatchCounts.OutcomeCounts.Kinds; kind++)
        {
            if (counts[kind] > 0)
            {
                yield return new(counts[kind], new KeyValuePair<string, object?>(Pool, pool.Name), new(Outcome, Outcomes[kind]));
            }
        }
    }
}
