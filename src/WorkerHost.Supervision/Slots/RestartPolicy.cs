using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>How the run that has just ended counts.</summary>
internal enum RunKind
{
    /// <summary>It finished a task or stayed ready for long enough.</summary>
    Productive,

    /// <summary>It died without having been of use; a failed boot is one too.</summary>
    Unproductive,

    /// <summary>A recycle, or a kill that the pool ordered: not the worker's fault.</summary>
    Planned,

    /// <summary>It says that no start can succeed before its configuration changes.</summary>
    Misconfigured,
}

/// <summary>
/// One slot's restart policy. Pure: time comes in, randomness comes in, no clock and no timer.
/// Backoff is "full jitter" (uniform between 0 and a ceiling that doubles; Brooker, "Exponential Backoff and Jitter",
/// AWS 2015); the breaker is OTP's intensity in a period, counting unproductive deaths only.
/// </summary>
internal sealed class RestartPolicy(RestartOptions options, Random random)
{
    /// <summary>
    /// Restarts at once come out of a bucket that holds <see cref="RestartOptions.Intensity"/> (at least 1) and gets one
    /// back per this many MinBackoffs (with the defaults: 5, and one per second). A worker that dies at every task, or
    /// asks to be recycled after each, then costs one start per second and not a core.
    /// </summary>
    private const int RefillInMinBackoffs = 5;

    private readonly Queue<TimeSpan> unproductive = [];
    private int failures;
    private double tokens = BucketSize(options);
    private TimeSpan refilledAt;

    /// <summary>Open since too many unproductive deaths; closes with the first productive run.</summary>
    public bool BreakerOpen { get; private set; }

    public RestartDecision Decide(TimeSpan now, RunKind run, TimeSpan? readyFor)
    {
        if (readyFor >= options.StableAfter)
        {
            failures = 0;
            unproductive.Clear();
            BreakerOpen = false;
            run = run == RunKind.Unproductive ? RunKind.Productive : run;
        }

        switch (run)
        {
            case RunKind.Productive:
                BreakerOpen = false;
                return AtOnceIfTheFloorAllows(now);
            case RunKind.Planned:
                return AtOnceIfTheFloorAllows(now);
            case RunKind.Unproductive:
                Count(now);
                BreakerOpen |= unproductive.Count > options.Intensity;
                return BreakerOpen ? Probe() : BackOff();
            case RunKind.Misconfigured:
                Count(now);
                BreakerOpen = true;
                return Probe();
            default:
                throw new ArgumentOutOfRangeException(nameof(run), run, "not a kind of run");
        }
    }

    /// <summary>How long the start of an empty slot has to wait for its pace.</summary>
    public TimeSpan Fill(TimeSpan now) => AtOnceIfTheFloorAllows(now).Delay;

    private void Count(TimeSpan now)
    {
        unproductive.Enqueue(now);
        while (unproductive.TryPeek(out var oldest) && now - oldest > options.Period)
        {
            unproductive.Dequeue();
        }
    }

    private RestartDecision AtOnceIfTheFloorAllows(TimeSpan now)
    {
        var refill = options.MinBackoff * RefillInMinBackoffs;
        tokens = Math.Min(BucketSize(options), tokens + (now - refilledAt) / refill);
        refilledAt = now;
        if (tokens >= 1)
        {
            tokens--;
            return new RestartDecision(TimeSpan.Zero, BreakerOpen, "restart at once");
        }

        // The token is spent in advance: its refill and this delay end together.
        var delay = refill * (1 - tokens);
        tokens--;
        return new RestartDecision(delay, BreakerOpen, $"restart in {Text(delay)} (it has been replaced too often in a short time)");
    }

    private RestartDecision BackOff()
    {
        // 2^30 times any sensible minimum is far beyond any maximum; a larger exponent would only overflow.
        var ceiling = options.MinBackoff * Math.Pow(2, Math.Min(failures, 30));
        failures++;
        var delay = random.NextDouble() * (ceiling < options.MaxBackoff ? ceiling : options.MaxBackoff);
        return new RestartDecision(delay, false, $"restart in {Text(delay)}");
    }

    private RestartDecision Probe()
    {
        // Half of it is fixed: a probe is rare by promise. Half is random: slots do not probe in step.
        failures++;
        var delay = options.MaxBackoff * (0.5 + random.NextDouble() / 2);
        var deaths = unproductive.Count;
        return new RestartDecision(delay, true, string.Create(
            CultureInfo.InvariantCulture,
            $"breaker open: next try in {Text(delay)} ({deaths} unproductive {(deaths == 1 ? "death" : "deaths")} in {Text(options.Period)})"));
    }

    private static double BucketSize(RestartOptions options) => Math.Max(1, options.Intensity);

    private static string Text(TimeSpan time) => time.TotalSeconds >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms");
}
