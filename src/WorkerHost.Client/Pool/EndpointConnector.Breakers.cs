namespace WorkerHost.Client;

/// <summary>Endpoints that cannot be reached: when they are tried again, and when nobody waits for them any more.</summary>
internal sealed partial class EndpointConnector
{
    private readonly Dictionary<WorkerId, FailedTries> unreachable = [];

    /// <summary>A host that comes back has many clients: they need not all come in the same moment.</summary>
    private TimeSpan DelayAfter(int attempt, bool supervised)
    {
        var full = TimeSpan.FromMilliseconds(Math.Min(5000, 50 * Math.Pow(2, Math.Min(attempt, 10))));
        if (supervised)
        {
            return full;
        }

        lock (gate)
        {
            return full * (0.5 + transport.Random.NextDouble() / 2);
        }
    }

    private void Unreachable(WorkerEndpoint worker, string reason, TimeSpan delay, FailedTries? before)
    {
        FailedTries[] all;
        var now = transport.Time.GetTimestamp();
        lock (gate)
        {
            before ??= unreachable.GetValueOrDefault(worker.Id);
            unreachable[worker.Id] = new FailedTries($"{worker.Address}: {reason}", Since: before?.Since ?? now, Last: now, Next: delay);
            if (source.BackChannel is not null || unreachable.Count < addresses)
            {
                return;
            }

            all = [.. unreachable.Values];
        }

        // A supervisor speaks for its workers; for bare addresses nobody else does.
        var reasons = string.Join("; ", all.Select(static f => f.Reason));
        firstTry.TrySetException(new IOException($"no endpoint can be reached: {reasons}"));
        if (Array.TrueForAll(all, f => f.IsOpen(transport)))
        {
            loop.OutlookChanged(new WorkerOutlook(Hopeless: true, LastDeath: null, NextTry: all.Min(f => f.NextTry(transport.Time)), Unreachable: reasons));
        }
    }
}
