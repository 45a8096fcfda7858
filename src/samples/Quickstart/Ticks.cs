namespace WorkerHost.Samples.Quickstart;

/// <summary>The pace of what goes on beside the run.</summary>
internal static class Ticks
{
    /// <summary>Waits; false as soon as the token is cancelled.</summary>
    public static async Task<bool> NextAsync(TimeSpan pace, CancellationToken cancellationToken)
    {
        await Task.Delay(pace, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }
}
