namespace WorkerHost.Supervision;

/// <summary>
/// Restarts at once, but not for ever: a token bucket that holds <see cref="RestartOptions.Intensity"/> (at least 1) and
/// gets one back per five MinBackoffs. With the defaults that is five in a row and then one per second, so that a worker
/// that dies at every task costs one start per second and not a core.
/// </summary>
internal sealed class Pace(RestartOptions options)
{
    public const int RefillInMinBackoffs = 5;

    private double tokens = Size(options);
    private TimeSpan refilledAt;

    /// <summary>Takes a token and says how long to wait for it.</summary>
    public TimeSpan Take(TimeSpan now)
    {
        var refill = options.MinBackoff * RefillInMinBackoffs;
        tokens = Math.Min(Size(options), tokens + (now - refilledAt) / refill);
        refilledAt = now;

        // A token that is not there yet is spent in advance: its refill and the wait for it end together.
        var wait = tokens >= 1 ? TimeSpan.Zero : refill * (1 - tokens);
        tokens--;
        return wait;
    }

    private static double Size(RestartOptions options) => Math.Max(1, options.Intensity);
}
