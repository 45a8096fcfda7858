namespace WorkerHost;

/// <summary>When a failed attempt is tried again; how often is <c>WorkerPoolOptions.Attempts</c>. Immutable.</summary>
public sealed record RetryOptions
{
    /// <summary>The delay before the second attempt, doubled for each further one, with jitter. Default 100 ms; 0 or more.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>No delay is longer. Default 10 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);
}
