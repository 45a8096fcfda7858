using System.Diagnostics;

namespace WorkerHost.Worker;

/// <summary>A mark in the ledger at each interval, from a thread that does nothing else: a busy worker is not a dead one.</summary>
internal static class Heartbeat
{
    private const int StackBytes = 128 * 1024;
    private const int DefaultMilliseconds = 1000;
    private const int ShortestMilliseconds = 10;

    /// <param name="ledger">Where the marks are made.</param>
    /// <param name="milliseconds">As the supervisor wants it; null: it does not say.</param>
    public static void Start(LedgerPage ledger, int? milliseconds) => new Thread(
        () =>
        {
            var interval = TimeSpan.FromMilliseconds(Math.Max(ShortestMilliseconds, milliseconds ?? DefaultMilliseconds));
            while (true)
            {
                ledger.Debugged(Debugger.IsAttached);
                ledger.Beat();
                Thread.Sleep(interval);
            }
        },
        StackBytes)
    { Name = "workerhost heartbeat", IsBackground = true }.UnsafeStart();
}
