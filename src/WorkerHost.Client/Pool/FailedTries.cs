namespace WorkerHost.Client;

/// <summary>
/// The breaker of one host: no session with it could be opened, or none that was of use. Without a session it gets nothing anyway, and the next try to
/// open one is the probe; once tries have failed for a while the breaker is open, and where that of every host is, nobody waits for them any more.
/// </summary>
/// <param name="Reason">Of the last of them, with the address.</param>
/// <param name="Since">When the first of them failed.</param>
/// <param name="Last">When the last one did.</param>
/// <param name="Next">From then to the next.</param>
internal sealed record FailedTries(string Reason, long Since, long Last, TimeSpan Next)
{
    public bool IsOpen(TransportOptions transport) => transport.Time.GetElapsedTime(Since) >= transport.Patience;

    /// <summary>How long until the next one, at least a moment.</summary>
    public TimeSpan NextTry(TimeProvider time)
    {
        var left = Next - time.GetElapsedTime(Last);
        return left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
    }
}
