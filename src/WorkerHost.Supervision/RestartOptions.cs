namespace WorkerHost;

/// <summary>
/// How ended workers are replaced; always, whatever their end (OTP's <c>permanent</c>), each slot for itself. Each kind of end
/// has an account of its own, so that none uses up what another may need:
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>a death after a useful run (a task finished, or ready for at least <see cref="StableAfter"/>): at once, within a pace;</item>
/// <item>a failed boot, and a death after a useless run: after a pause of full jitter (uniform between 0 and a ceiling that
/// doubles from <see cref="MinBackoff"/> to <see cref="MaxBackoff"/>), counted separately; too many of both within
/// <see cref="Period"/> open the breaker, and then by slow probing, for as long as it takes;</item>
/// <item>a recycle by the supervisor: at once; within a pace where the worker had been of no use;</item>
/// <item>exit code 75, and a kill that the pool ordered: at once, within a pace of their own each;</item>
/// <item>exit code 78: by slow probing from the first time on.</item>
/// </list>
/// The pace is <see cref="Intensity"/> (at least 1) in a row and then one per five <see cref="MinBackoff"/>.
/// </remarks>
public sealed record RestartOptions
{
    /// <summary>OTP's <c>temporary</c>: whoever ends is not replaced.</summary>
    internal static RestartOptions Temporary { get; } = new() { IsTemporary = true };

    internal bool IsTemporary { get; private init; }

    /// <summary>
    /// The ceiling of the first pause, from 1 ms on. Default 200 ms, about what a start costs. Five times this is also the
    /// pace at which restarts at once may go on for long: one per second by default.
    /// </summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The ceiling of the longest pause, and the pace of probing while the breaker is open (between half of it and all
    /// of it), and so the longest time to recovery once the cause of the deaths is gone. At least
    /// <see cref="MinBackoff"/>. Default 30 s.
    /// </summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A worker that was ready for this long was healthy: pauses begin at the minimum again and past deaths are
    /// forgotten. From ready to the end. Default 10 s; 0: whoever became ready was healthy.
    /// </summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// This many unproductive deaths of one slot within <see cref="Period"/> are fine; one more opens the breaker.
    /// Failed boots count; recycles and ordered kills do not. Default 5; 0: the first one opens it. Also how many restarts
    /// at once a slot may do in a row before they are paced.
    /// </summary>
    public int Intensity { get; init; } = 5;

    /// <summary>The sliding window of <see cref="Intensity"/>, from 1 ms on. Default 60 s.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(60);
}
