namespace WorkerHost.Benchmarks;

/// <summary>What one round of one contender gave.</summary>
/// <param name="Tasks">Tasks done.</param>
/// <param name="Seconds">From the first submit to the last result.</param>
/// <param name="CpuSeconds">Processor time of client and workers together; null when it was not measured.</param>
/// <param name="AllocatedBytes">Managed bytes that the client allocated.</param>
internal sealed record RoundResult(long Tasks, double Seconds, double? CpuSeconds, long AllocatedBytes);

/// <summary>Somebody who can echo 8 bytes in another process.</summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>The middle part of its figures' names.</summary>
    string Name { get; }

    string RateName { get; }

    string RateUnit { get; }

    /// <summary>Echoes for this long with so many under way at a time.</summary>
    Task<RoundResult> RunRoundAsync(TimeSpan duration, int inFlight);
}
