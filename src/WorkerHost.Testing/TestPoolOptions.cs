namespace WorkerHost.Testing;

/// <summary>
/// What a test's pool is like. Everything that is a <see cref="WorkerPoolOptions"/> is the real pool's. Set
/// <see cref="WorkerPoolOptions.TimeProvider"/> to a clock that the test moves (<c>FakeTimeProvider</c> of
/// Microsoft.Extensions.TimeProvider.Testing): time limits, graces, pauses between retries, restarts and slow workers go by it.
/// </summary>
public sealed record TestPoolOptions : WorkerPoolOptions
{
    /// <summary>How many workers, each in a place of its own (<see cref="TestPool.Workers"/>). Default 1; from 1 to 1000.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How many tasks one worker runs at the same time. Default 1; from 1 to 1024.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>
    /// From a worker's end until the next one is started in its place, by the clock of the test. Default zero: at once. Null: never by
    /// itself; <see cref="TestWorker.RestartAsync"/> does.
    /// </summary>
    public TimeSpan? RestartAfter { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// From <see cref="TestWorker.Hang"/> until the worker is killed for it, by the clock of the test; zero or more. Default 10 s, as
    /// <see cref="LivenessOptions.DeadAfter"/> has it.
    /// </summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where chance comes from, the jitter of retries above all: the same number, the same pauses. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <inheritdoc />
    protected internal override void Validate(ICollection<string> errors)
    {
        base.Validate(errors);
        Check(Workers is >= 1 and <= 1000, $"{nameof(Workers)} is {Workers}; allowed is from 1 to 1000");
        Check(Concurrency is >= 1 and <= LedgerLayout.MaxLanes, $"{nameof(Concurrency)} is {Concurrency}; allowed is from 1 to {LedgerLayout.MaxLanes}");
        Check(RestartAfter is null || RestartAfter >= TimeSpan.Zero, $"{nameof(RestartAfter)} is {RestartAfter}; allowed is null, or 0 or more");
        Check(DeadAfter >= TimeSpan.Zero, $"{nameof(DeadAfter)} is {DeadAfter}; allowed is 0 or more");

        void Check(bool good, FormattableString error)
        {
            if (!good)
            {
                errors.Add(FormattableString.Invariant(error));
            }
        }
    }
}
