namespace WorkerHost.Supervision;

/// <summary>A token bucket: so many lines per second, so many at once. Pure; time comes in.</summary>
internal sealed class LineRate(double perSecond, double burst)
{
    private double tokens = double.MaxValue;
    private TimeSpan refilledAt;

    /// <summary>Lines refused since the last one let through.</summary>
    public long Suppressed { get; private set; }

    /// <summary>Whether a line may pass now; <paramref name="suppressed"/> says how many before it could not.</summary>
    public bool TryPass(TimeSpan now, out long suppressed)
    {
        tokens = Math.Min(burst, tokens + (now - refilledAt).TotalSeconds * perSecond);
        refilledAt = now;
        if (tokens < 1)
        {
            Suppressed++;
            suppressed = 0;
            return false;
        }

        tokens--;
        suppressed = Suppressed;
        Suppressed = 0;
        return true;
    }

    /// <summary>A line that had passed was lost further on.</summary>
    public void CountLost(long lines) => Suppressed += lines;
}
