namespace WorkerHost.Supervision;

/// <summary>
/// Whether work can reach one worker: one that has closed its listening socket is of no use, however well it beats. What it still
/// runs it may finish, over the connections that it has. Pure.
/// </summary>
internal sealed class Reach(LivenessOptions options)
{
    private long finished;

    /// <summary>For how long nobody has listened at its address while it did nothing.</summary>
    public TimeSpan ClosedFor { get; private set; }

    public bool IsSuspect => options.Enabled && ClosedFor >= options.SuspectAfter;

    /// <param name="counts">Time since the last look in which the supervisor was awake.</param>
    /// <param name="signs">What is seen now.</param>
    /// <param name="leaving">It was asked to leave: then a closed socket is in order.</param>
    public Judgement Look(TimeSpan counts, in VitalSigns signs, bool leaving)
    {
        var excused = signs.ClosedAddress is null || leaving || signs.IsTraced || signs.Running > 0 || signs.Finished != finished;
        finished = signs.Finished;
        ClosedFor = excused ? TimeSpan.Zero : ClosedFor + counts;
        return IsSuspect && ClosedFor >= options.DeadAfter ? new Judgement(JudgementKind.Dead, Reason(signs.ClosedAddress!)) : default;
    }

    private string Reason(Uri address) =>
        $"its listening socket {address.OriginalString} has been closed for {DurationText.Of(ClosedFor)}, and it ran nothing ({options.Names["Liveness.DeadAfter"]} is {DurationText.Exact(options.DeadAfter)})";
}
