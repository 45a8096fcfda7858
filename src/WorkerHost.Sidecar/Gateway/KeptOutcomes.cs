namespace WorkerHost.Sidecar.Gateway;

/// <summary>Outcomes that their clients have not seen, because their sessions broke: the newest of them, for a time. Thread-safe.</summary>
internal sealed class KeptOutcomes : IDisposable
{
    /// <summary>What one costs beside its result, roughly.</summary>
    private const int Overhead = 1024;

    private readonly KeptOutcomeOptions options;
    private readonly TimeProvider time;
    private readonly ITimer sweep;
    private readonly Lock gate = new();
    private readonly Queue<(HostedTask Task, long Since, long Bytes)> kept = new();
    private long bytes;

    public KeptOutcomes(KeptOutcomeOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        sweep = time.CreateTimer(static self => ((KeptOutcomes)self!).ForgetOld(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(HostedTask task, int resultBytes)
    {
        lock (gate)
        {
            if (task.IsKept)
            {
                // From the first time on: what is young is its client's absence, and not its outcome.
                return;
            }

            task.IsKept = true;
            kept.Enqueue((task, time.GetTimestamp(), resultBytes + Overhead));
            bytes += resultBytes + Overhead;
        }

        ForgetOld();
    }

    public void Dispose() => sweep.Dispose();

    private void ForgetOld()
    {
        List<HostedTask> gone = [];
        lock (gate)
        {
            while (kept.TryPeek(out var oldest) && (bytes > options.Bytes || time.GetElapsedTime(oldest.Since) >= options.For))
            {
                kept.Dequeue();
                bytes -= oldest.Bytes;
                gone.Add(oldest.Task);
            }

            if (kept.TryPeek(out var next))
            {
                var left = options.For - time.GetElapsedTime(next.Since);
                sweep.Change(left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            }
        }

        foreach (var task in gone)
        {
            task.Forget(wasSeen: false);
        }
    }
}
