using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>Opens the ledger that the supervisor made. A worker without one still works: its deaths are judged with less certainty.</summary>
internal static partial class LedgerOpening
{
    public static LedgerPage? Open(LaunchLine launch, ILogger logger)
    {
        if (launch.Ledger is not { } path)
        {
            return null;
        }

        try
        {
            var ledger = LedgerPage.Open(path, launch.Incarnation);
            if (ledger.Lanes >= launch.Concurrency)
            {
                return ledger;
            }

            // Tasks in the lanes it has no room for would look finished.
            Log.TooSmall(logger, path, ledger.Lanes, launch.Concurrency);
            ledger.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            Log.Unusable(logger, path, e.Message);
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "working without the ledger {Path}: {Problem}")]
        public static partial void Unusable(ILogger logger, string path, string problem);

        [LoggerMessage(2, LogLevel.Warning, "working without the ledger {Path}: it has room for {Lanes} lanes and {Concurrency} are asked for")]
        public static partial void TooSmall(ILogger logger, string path, int lanes, int concurrency);
    }
}
