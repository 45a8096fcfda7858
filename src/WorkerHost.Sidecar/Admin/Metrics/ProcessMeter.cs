using System.Diagnostics.Metrics;

namespace WorkerHost.Sidecar.Admin.Metrics;

/// <summary>The host's own process. One per admin plane.</summary>
internal sealed class ProcessMeter : IDisposable
{
    public Meter Meter { get; } = new("WorkerHost.Sidecar", typeof(ProcessMeter).Assembly.GetName().Version?.ToString(3));

    public ProcessMeter()
    {
        Meter.CreateObservableCounter("process.cpu.time", static () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the host's process, without its workers'.");
        Meter.CreateObservableUpDownCounter("process.memory.usage", static () => Environment.WorkingSet, "By", "Resident memory of the host's process, without its workers'.");
        Meter.CreateObservableUpDownCounter("process.managed_heap.usage", static () => GC.GetTotalMemory(forceFullCollection: false), "By", "Managed memory of the host's process that is in use, garbage included.");
        Meter.CreateObservableUpDownCounter("process.managed_heap.committed", static () => GC.GetGCMemoryInfo().TotalCommittedBytes, "By", "Managed memory that the host's process has of the system, as of its last collection.");
    }

    public void Dispose() => Meter.Dispose();
}
