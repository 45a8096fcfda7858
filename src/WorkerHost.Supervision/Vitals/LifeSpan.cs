namespace WorkerHost.Supervision;

/// <summary>Whether one worker has reached one of its limits. Pure.</summary>
internal sealed class LifeSpan(WorkerLimits limits, RecycleOptions options)
{
    private TimeSpan busyAt;
    private long finished;

    /// <summary>Whether it may not live on, in whatever state.</summary>
    public Judgement LookAtHardLimit(in VitalSigns signs) => signs.ResidentBytes > limits.HardMemory
        ? new Judgement(JudgementKind.OverLimit, $"its {SizeText.Of(signs.ResidentBytes)} of resident memory are over the hard limit ({options.Names["Recycling.HardMemoryBytes"]} is {SizeText.Of(limits.HardMemory!.Value)})")
        : default;

    /// <summary>Whether a worker that is ready is to be replaced; says so for as long as it is.</summary>
    public Judgement Look(TimeSpan now, TimeSpan readyFor, in VitalSigns signs)
    {
        if (signs.Running > 0 || signs.Finished != finished)
        {
            busyAt = now;
            finished = signs.Finished;
        }

        return Reason(now, readyFor, signs) is { } reason ? new Judgement(JudgementKind.Recycle, reason) : default;
    }

    private string? Reason(TimeSpan now, TimeSpan readyFor, in VitalSigns signs)
    {
        if (signs.ResidentBytes > limits.SoftMemory)
        {
            return $"its {SizeText.Of(signs.ResidentBytes)} of resident memory are over {SizeText.Of(limits.SoftMemory.Value)} ({options.Names["Recycling.SoftMemoryBytes"]} is {SizeText.Of(options.SoftMemoryBytes!.Value)}{LessJitter})";
        }

        if (readyFor >= limits.Age)
        {
            return $"it has been ready for {DurationText.Of(readyFor)} ({options.Names["Recycling.MaxAge"]} is {DurationText.Exact(options.MaxAge!.Value)}{LessJitter})";
        }

        if (finished > 0 && now - busyAt >= limits.Idle)
        {
            return $"it has been idle for {DurationText.Of(now - busyAt)} ({options.Names["Recycling.MaxIdle"]} is {DurationText.Exact(options.MaxIdle!.Value)}{LessJitter})";
        }

        // A pool counts what it gives and has asked already; a worker may have callers that do not count.
        return limits.Tasks > 0 && finished >= limits.Tasks ? $"it has finished {finished} tasks ({options.Names["Recycling.MaxTasks"]} is {options.MaxTasks}{LessJitter})" : null;
    }

    private string LessJitter => options.Jitter > 0 ? ", less jitter" : "";
}
