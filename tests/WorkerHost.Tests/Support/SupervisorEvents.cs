namespace WorkerHost.Tests;

/// <summary>Waiting for what a supervisor tells.</summary>
internal static class SupervisorEvents
{
    /// <summary>The first such event since the supervisor began, or when it comes.</summary>
    public static async Task<T> EventAsync<T>(this Supervisor supervisor, Func<T, bool>? wanted = null)
        where T : SupervisorEvent
    {
        using var patience = new CancellationTokenSource(TestPool.Patience);
        await foreach (var one in supervisor.WatchAsync(after: 0, patience.Token))
        {
            if (one is T kind && (wanted is null || wanted(kind)))
            {
                return kind;
            }
        }

        throw new InvalidOperationException($"the supervisor stopped without a {typeof(T).Name}");
    }
}
