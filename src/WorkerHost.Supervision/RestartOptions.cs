namespace WorkerHost;

/// <summary>
/// How dead workers are replaced. A death after a productive run (a task finished, or ready for at least
/// <see cref="StableAfter"/>) is followed by a restart at once; an unproductive one by a pause of full jitter (uniform
/// between 0 and a ceiling that doubles from <see cref="MinBackoff"/> to <see cref="MaxBackoff"/>); too many
/// unproductive ones by slow probing, for as long as it takes.
/// </summary>
public sealed record RestartOptions
{
    /// <summary>
    /// The ceiling of the first pause. Default 200 ms, about what a start costs. Five times this is also the pace at
    /// which restarts at once may go on for long: one per second by default.
    /// </summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The ceiling of the longest pause, and the pace of probing while the breaker is open (between half of it and all
    /// of it). Default 30 s.
    /// </summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A worker that was ready for this long was healthy: pauses begin at the minimum again and past deaths are
    /// forgotten. From ready to the end. Default 10 s.
    /// </summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// This many unproductive deaths of one slot within <see cref="Period"/> are fine; one more opens the breaker.
    /// Failed boots count; recycles and ordered kills do not. Default 5. Also how many restarts at once a slot may do
    /// in a row before they are paced.
    /// </summary>
    public int Intensity { get; init; } = 5;

    /// <summary>The sliding window of <see cref="Intensity"/>. Default 60 s.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(60);
}
