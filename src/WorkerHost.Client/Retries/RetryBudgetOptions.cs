namespace WorkerHost;

/// <summary>
/// How many retries a pool may spend, so that failing tasks cannot multiply the load on workers that are failing already:
/// a token bucket, as in gRPC's retry throttling (gRFC A6) and Finagle's retry budgets. Each retry takes a token; where
/// there is none the failure is the outcome, and says so. Redispatches of tasks that never started are free. Immutable.
/// </summary>
public sealed record RetryBudgetOptions
{
    /// <summary>Tokens that each accepted task brings. Default 0.2: one retry for five tasks; from 0 to 100.</summary>
    public double PerTask { get; init; } = 0.2;

    /// <summary>Tokens that each second brings, so that a pool with few tasks can retry, too. Default 10; from 0 to 1 000 000.</summary>
    public double PerSecond { get; init; } = 10;

    /// <summary>So many tokens are kept at most, and there at the start. Default 100; from 1 to 1 000 000.</summary>
    public double Burst { get; init; } = 100;
}
