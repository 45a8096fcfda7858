namespace WorkerHost.Supervision;

/// <summary>Everything that is decided about one live worker from looking at it. Pure.</summary>
internal sealed class WorkerVitals(WorkerLimits limits, LivenessOptions liveness, RecycleOptions recycling)
{
    private readonly Pulse pulse = new(liveness);
    private readonly Reach reach = new(liveness);
    private readonly LifeSpan lifeSpan = new(limits, recycling);

    public WorkerLimits Limits => limits;

    /// <summary>The last that was seen; null before the first look.</summary>
    public VitalSigns? Signs { get; private set; }

    /// <summary>The longer of being silent and being out of reach.</summary>
    public TimeSpan Silence => pulse.Silence > reach.ClosedFor ? pulse.Silence : reach.ClosedFor;

    public bool IsSuspect => pulse.IsSuspect || reach.IsSuspect;

    public bool IsBeingDebugged => pulse.IsBeingDebugged;

    /// <param name="now">By the monotonic clock.</param>
    /// <param name="counts">Time since the last look in which the supervisor was awake.</param>
    /// <param name="state">Where its slot stands.</param>
    /// <param name="readyAt">When it became ready; null: not yet.</param>
    /// <param name="signs">What is seen of it now.</param>
    public Judgement Look(TimeSpan now, TimeSpan counts, SlotState state, TimeSpan? readyAt, in VitalSigns signs)
    {
        Signs = signs;
        var limit = lifeSpan.LookAtHardLimit(signs);
        if (limit.Kind != JudgementKind.None || readyAt is not { } ready)
        {
            // While it boots nobody expects a beat: the boot timer is running.
            return limit;
        }

        var leaving = state != SlotState.Ready;
        var alive = pulse.Look(counts, signs, leaving);
        var reachable = reach.Look(counts, signs, leaving);
        alive = alive.Kind != JudgementKind.None ? alive : reachable;
        return alive.Kind != JudgementKind.None || leaving || pulse.IsBeingDebugged || IsSuspect
            ? alive
            : lifeSpan.Look(now, now - ready, signs);
    }
}
