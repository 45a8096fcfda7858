namespace WorkerHost.Supervision;

/// <summary>
/// One slot's restart policy: OTP's <c>permanent</c>, whoever ends is replaced, unless it is <see cref="RestartOptions.IsTemporary"/>. Pure: time comes in, randomness comes in, no
/// clock and no timer. Separate accounts: what recycles and ordered kills use up is not missing after a crash, and a boot that
/// failed long ago does not lengthen the pause after one.
/// </summary>
internal sealed class RestartPolicy(RestartOptions options, Random random)
{
    /// <summary>The longest time that a timer takes is longer than anybody waits for what is not to come.</summary>
    private static readonly RestartDecision Never = new(TimeSpan.FromDays(24), false, "none: it was started for one task");

    private readonly Breaker breaker = new(options, random);
    private readonly Backoff failedBoots = new(options, random);
    private readonly Backoff deaths = new(options, random);
    private readonly Pace usefulDeaths = new(options);
    private readonly Pace uselessRecycles = new(options);
    private readonly Pace askedRecycles = new(options);
    private readonly Pace orderedKills = new(options);

    /// <summary>Open since too many unproductive deaths; closes with the first run that was of use.</summary>
    public bool BreakerOpen => breaker.IsOpen;

    /// <summary>How long a worker has to be ready for that.</summary>
    public TimeSpan StableAfter => options.StableAfter;

    /// <summary>Whether a worker that was ready for this long has proved that its slot is well again.</summary>
    public bool IsHealthy(TimeSpan? readyFor) => readyFor >= options.StableAfter;

    /// <param name="now">When it ended.</param>
    /// <param name="run">How it ended.</param>
    /// <param name="readyFor">From ready to the end; null when it was not ready.</param>
    /// <param name="finished">Tasks it finished; null when nobody knows.</param>
    public RestartDecision Decide(TimeSpan now, RunKind run, TimeSpan? readyFor, long? finished)
    {
        if (options.IsTemporary)
        {
            return Never;
        }

        var useful = run != RunKind.FailedBoot && Learn(readyFor, finished);
        switch (run)
        {
            case RunKind.FailedBoot:
                return AfterUnproductive(now, failedBoots);
            case RunKind.Died when !useful:
                return AfterUnproductive(now, deaths);
            case RunKind.Died:
                return Paced(now, usefulDeaths, "it has died too often in a short time");
            case RunKind.Recycled when useful:
                return AtOnce();
            case RunKind.Recycled:
                return Paced(now, uselessRecycles, "it has been recycled too often in a short time without having finished a task");
            case RunKind.AskedToBeRecycled:
                return Paced(now, askedRecycles, "it has asked to be recycled too often in a short time");
            case RunKind.Ordered:
                return Paced(now, orderedKills, "its pool has had it killed too often in a short time");
            case RunKind.Misconfigured:
                breaker.Count(now);
                breaker.Open();
                return Probe("its configuration has to change (exit code 78)");
            default:
                throw new ArgumentOutOfRangeException(nameof(run), run, "not a kind of run");
        }
    }

    /// <returns>Whether this run was of use.</returns>
    private bool Learn(TimeSpan? readyFor, long? finished)
    {
        if (IsHealthy(readyFor))
        {
            breaker.Reset();
            deaths.Reset();
        }

        if (readyFor is not null)
        {
            failedBoots.Reset();
        }

        if (breaker.IsOpen && finished > 0)
        {
            breaker.Close();
            deaths.Reset();
        }

        return finished > 0 || IsHealthy(readyFor);
    }

    private RestartDecision AfterUnproductive(TimeSpan now, Backoff account)
    {
        breaker.Count(now);
        if (breaker.IsOpen)
        {
            var many = breaker.Deaths;
            return Probe($"{many} unproductive {(many == 1 ? "death" : "deaths")} in {DurationText.Exact(options.Period)}");
        }

        var delay = account.Next();
        return new RestartDecision(delay, false, $"restart in {DurationText.Of(delay)}");
    }

    private RestartDecision Probe(string why)
    {
        var delay = breaker.UntilProbe();
        return new RestartDecision(delay, true, $"breaker open: next try in {DurationText.Of(delay)} ({why})");
    }

    private RestartDecision Paced(TimeSpan now, Pace account, string why)
    {
        var delay = account.Take(now);
        return delay <= TimeSpan.Zero ? AtOnce() : new RestartDecision(delay, BreakerOpen, $"restart in {DurationText.Of(delay)} ({why})");
    }

    private RestartDecision AtOnce() => new(TimeSpan.Zero, BreakerOpen, "restart at once");
}
