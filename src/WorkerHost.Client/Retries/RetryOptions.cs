namespace WorkerHost;

/// <summary>When a failed attempt is tried again; how often is <c>WorkerPoolOptions.Attempts</c>. Immutable.</summary>
public sealed record RetryOptions
{
    /// <summary>The delay before the second attempt, doubled for each further one, with jitter. Default 100 ms; from 0 to 1 hour.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>No delay is longer, not even one that a worker asks for. Default 10 s; from <see cref="MinDelay"/> to 24 hours.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many retries the pool may spend in all. Null: as many as its tasks' attempts allow.</summary>
    public RetryBudgetOptions? Budget { get; init; } = new();
}
