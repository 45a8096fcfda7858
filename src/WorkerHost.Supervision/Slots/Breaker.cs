namespace WorkerHost.Supervision;

/// <summary>
/// OTP's intensity in a period, over unproductive deaths; but it never gives up. Open, it lets one start through from time
/// to time, which is its half-open state: a useful run closes it, another unproductive death sends it back to wait.
/// </summary>
internal sealed class Breaker(RestartOptions options, Random random)
{
    private readonly Queue<TimeSpan> deaths = [];

    public bool IsOpen { get; private set; }

    /// <summary>Unproductive deaths within the last period, counted at the last of them.</summary>
    public int Deaths => deaths.Count;

    public void Count(TimeSpan now)
    {
        deaths.Enqueue(now);
        while (now - deaths.Peek() > options.Period)
        {
            deaths.Dequeue();
        }

        IsOpen |= deaths.Count > options.Intensity;
    }

    public void Open() => IsOpen = true;

    /// <summary>What has been counted stays in the window: who has been of use once and dies again and again opens it soon.</summary>
    public void Close() => IsOpen = false;

    /// <summary>Past deaths are forgotten.</summary>
    public void Reset()
    {
        IsOpen = false;
        deaths.Clear();
    }

    /// <summary>Half of it is fixed, as a probe is rare by promise; half is random, so that slots do not probe in step.</summary>
    public TimeSpan UntilProbe() => options.MaxBackoff * (0.5 + random.NextDouble() / 2);
}
