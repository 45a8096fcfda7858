using System.Globalization;

namespace WorkerHost.Client;

/// <summary>
/// The token bucket of a pool's retries. It is filled when somebody takes from it, from the time and the tasks since then:
/// a task that does not fail never touches it. Thread-safe.
/// </summary>
internal sealed class RetryBudget(RetryBudgetOptions options, long now)
{
    private readonly Lock gate = new();
    private double tokens = options.Burst;
    private long filledAt = now;
    private long filledFor;

    /// <summary>What a failure says that would have been tried again.</summary>
    public string Refusal { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"it is not tried again because the pool's retries are spent (RetryOptions.Budget: {options.PerTask} for each task, {options.PerSecond} for each second, at most {options.Burst} saved up)");

    /// <param name="time">Where timestamps come from.</param>
    /// <param name="submitted">Tasks that the pool has accepted in its life.</param>
    public bool TryTake(TimeProvider time, long submitted)
    {
        lock (gate)
        {
            var at = time.GetTimestamp();
            var added = (options.PerSecond * time.GetElapsedTime(filledAt, at).TotalSeconds) + (options.PerTask * (submitted - filledFor));
            (filledAt, filledFor) = (at, submitted);
            tokens = Math.Min(options.Burst, tokens + Math.Max(0, added));
            if (tokens < 1)
            {
                return false;
            }

            tokens--;
            return true;
        }
    }
}
