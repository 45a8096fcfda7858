using System.Diagnostics.Metrics;

namespace WorkerHost.Supervision;

/// <summary>
/// What metrics say of all supervisors in this process; the list with the meaning of each is in docs/observability.md.
/// What happens is counted from the events that are told anyway, what is there is looked at when somebody collects.
/// </summary>
internal static class SupervisionMeter
{
    public const string Name = "WorkerHost.Supervision";

    public const string Pool = "workerhost.pool.name";

    public static readonly Metered<Supervisor> Supervisors = new();

    private static readonly Meter Meter = new(Name, typeof(SupervisionMeter).Assembly.GetName().Version?.ToString(3));
    private static readonly Counter<long> Starts = Meter.CreateCounter<long>("workerhost.worker.starts", "{worker}", "Worker processes that were started.");
    private static readonly Counter<long> Deaths = Meter.CreateCounter<long>("workerhost.worker.deaths", "{worker}", "Worker processes that ended, planned ends too, by cause.");
    private static readonly Histogram<double> BootDuration = Meter.CreateHistogram<double>("workerhost.worker.boot.duration", "s", "From the spawn of a worker until it was ready.");

    static SupervisionMeter()
    {
        Meter.CreateObservableUpDownCounter("workerhost.workers", () => Supervisors.Observe(Workers), "{worker}", "Worker processes by what they are doing.");
        Meter.CreateObservableUpDownCounter("workerhost.slots.waiting", () => Supervisors.Observe(WaitingSlots), "{slot}", "Slots without a process that wait before they start their next worker.");
        Meter.CreateObservableUpDownCounter("workerhost.worker.resident_memory", () => Supervisors.Observe(Memory), "By", "Resident memory of each worker process.");
        Meter.CreateObservableCounter("workerhost.worker.tasks.finished", () => Supervisors.Observe(TasksFinished), "{task}", "Tasks that workers have finished.");
        Meter.CreateObservableGauge("workerhost.pool.ready", () => Supervisors.Observe(Ready), "1", "1 while enough workers take tasks, else 0.");
    }

    public static void Record(SupervisorEvent what)
    {
        switch (what)
        {
            case SupervisorEvent.Started:
                Starts.Add(1, Of(what.Pool));
                break;
            case SupervisorEvent.Ready { BootTime: var boot }:
                BootDuration.Record(boot.TotalSeconds, Of(what.Pool));
                break;
            case SupervisorEvent.Died { Report.Cause: var cause }:
                Deaths.Add(1, Of(what.Pool), new("workerhost.worker.death.cause", AttributeText.Of(cause)));
                break;
            default:
                break;
        }
    }

    private static KeyValuePair<string, object?> Of(string pool) => new(Pool, pool);

    private static Measurement<long>[] Workers(Supervisor supervisor)
    {
        var counts = supervisor.Counts;
        return
        [
            State("busy", counts.Busy),
            State("idle", counts.Idle),
            State("starting", counts.Starting),
            State("draining", counts.Draining),
            State("spare", counts.Spare),
        ];

        Measurement<long> State(string state, int count) => new(count, Of(supervisor.PoolName), new("workerhost.worker.state", state));
    }

    private static Measurement<long>[] WaitingSlots(Supervisor supervisor)
    {
        var counts = supervisor.Counts;
        return [State("backing_off", counts.BackingOff), State("crash_looping", counts.CrashLooping)];

        Measurement<long> State(string state, int count) => new(count, Of(supervisor.PoolName), new("workerhost.slot.state", state));
    }

    private static IEnumerable<Measurement<long>> Memory(Supervisor supervisor) =>
        from worker in supervisor.Workers
        let resident = Resident(worker)
        where resident is not null
        select new Measurement<long>(resident.Value, Of(supervisor.PoolName), new("workerhost.worker.slot", worker.Id.Slot));

    private static long? Resident(WorkerStatus worker)
    {
        using var status = worker.Process is { } process ? ProcessStatus.TryOpen(process) : null;
        return status?.Read()?.ResidentBytes;
    }

    private static Measurement<long>[] TasksFinished(Supervisor supervisor) => [new(supervisor.Totals.TasksFinished, Of(supervisor.PoolName))];

    private static Measurement<long>[] Ready(Supervisor supervisor) => [new(supervisor.Readiness.IsReady ? 1 : 0, Of(supervisor.PoolName))];
}
