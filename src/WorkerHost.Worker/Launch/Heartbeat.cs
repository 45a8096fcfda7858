namespace WorkerHost.Worker;

/// <summary>A mark in the ledger each second, from a thread that does nothing else: a busy worker is not a dead one.</summary>
internal static class Heartbeat
{
    private const int StackBytes = 128 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static void Start(LedgerPage ledger) => new Thread(
        () =>
        {
            while (true)
            {
                ledger.Beat();
                Thread.Sleep(Interval);
            }
        },
        StackBytes)
    { Name = "workerhost heartbeat", IsBackground = true }.UnsafeStart();
}
