namespace WorkerHost.Supervision;

/// <summary>When the next worker of a slot is started.</summary>
/// <param name="Delay">From the death; zero: at once.</param>
/// <param name="BreakerOpen">The slot counts as crash-looping.</param>
/// <param name="Next">The same for people.</param>
internal sealed record RestartDecision(TimeSpan Delay, bool BreakerOpen, string Next)
{
    /// <summary>What the death report says of the time; null: nobody comes.</summary>
    public TimeSpan? ToldDelay => Delay >= TimeSpan.FromDays(24) ? null : Delay;
}
