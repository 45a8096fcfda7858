namespace WorkerHost.Sidecar.Gateway;

/// <summary>Outcomes that their clients have not seen, because their sessions broke: the newest of them, for a time. Thread-safe.</summary>
/// <param name="options">How long and how many.</param>
/// <param name="time">The clock.</param>
internal sealed class KeptOutcomes(KeptOutcomeOptions options, TimeProvider time)
{
    /// <summary>What one costs beside its result, roughly.</summary>
    private const int Overhead = 1024;

    private readonly Lock gate = new();
    private readonly Queue<(HostedTask Task, long Since, long Bytes)> kept = new();
    private long bytes;

    public void Add(HostedTask task, int resultBytes)
    {
        List<HostedTask> gone = [];
        lock (gate)
        {
            kept.Enqueue((task, time.GetTimestamp(), resultBytes + Overhead));
            bytes += resultBytes + Overhead;
            while (kept.TryPeek(out var oldest) && (bytes > options.Bytes || time.GetElapsedTime(oldest.Since) >= options.For))
            {
                kept.Dequeue();
                bytes -= oldest.Bytes;
                gone.Add(oldest.Task);
            }
        }

        foreach (var task1 in gone)
        {
            task1.Forget();
        }
    }
}
