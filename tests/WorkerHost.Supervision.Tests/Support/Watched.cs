namespace WorkerHost.Supervision.Tests;

/// <summary>A supervisor's events from the first on, for waiting in their order.</summary>
internal sealed class Watched(Supervisor supervisor)
{
    private long seen;

    public async Task<T> Until<T>(Func<T, bool>? wanted = null)
        where T : SupervisorEvent
    {
        using var hang = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        hang.CancelAfter(Facts.Hang);
        await foreach (var one in supervisor.WatchAsync(seen, hang.Token))
        {
            seen = one.Sequence;
            if (one is T kind && (wanted is null || wanted(kind)))
            {
                return kind;
            }
        }

        throw new InvalidOperationException($"the supervisor stopped without a {typeof(T).Name}");
    }
}
