namespace WorkerHost;

/// <summary>Waits for facts that nobody announces: files, other processes, figures.</summary>
internal static class Eventually
{
    /// <summary>A hang is a failure, not a wait: nothing takes a tenth of this on an idle machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Looks again and again until it is so, and leaves the processors to those that have to make it so.</summary>
    public static async Task IsTrue(Func<bool> fact, string? what = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!fact())
        {
            Assert.False(patience.IsCancellationRequested, $"never became true: {what ?? "the fact"}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
