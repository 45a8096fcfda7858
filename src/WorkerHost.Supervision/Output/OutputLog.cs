using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// Hands the workers' lines to the logger. Between the watcher's thread, which must never wait, and a logger, which may
/// be slow, stands a bounded queue; what does not fit is counted as suppressed.
/// </summary>
internal sealed partial class OutputLog : IAsyncDisposable
{
    private const int QueueLength = 512;

    private readonly Channel<Entry> queue = Channel.CreateBounded<Entry>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly ILogger logger;
    private readonly Task pump;

    public OutputLog(ILoggerFactory loggers)
    {
        logger = loggers.CreateLogger("WorkerHost.WorkerOutput");
        pump = Task.Run(PumpAsync);
    }

    public bool IsEnabled => logger.IsEnabled(LogLevel.Information);

    /// <summary>Never blocks; false when the queue is full.</summary>
    public bool TryWrite(WorkerId worker, OutputStream stream, string line, long suppressed) =>
        queue.Writer.TryWrite(new Entry(worker, stream, line, suppressed));

    /// <summary>Returns when all lines have been handed to the logger.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await pump.ConfigureAwait(false);
    }

    private async Task PumpAsync()
    {
        await foreach (var entry in queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Write(entry);
            }
            catch (Exception)
            {
                // A logger that throws loses its line; the next worker's line is not its victim.
            }
        }
    }

    private void Write(Entry entry)
    {
        if (entry.Suppressed > 0)
        {
            Log.Suppressed(logger, entry.Worker, entry.Suppressed);
        }

        if (entry.Line is not null)
        {
            Log.Line(logger, entry.Worker, entry.Stream == OutputStream.Stdout ? "stdout" : "stderr", entry.Line);
        }
    }

    /// <summary>Only a count of what was suppressed when the line is null.</summary>
    public bool TryWriteSuppressed(WorkerId worker, long suppressed) =>
        queue.Writer.TryWrite(new Entry(worker, OutputStream.Stderr, null, suppressed));

    private sealed record Entry(WorkerId Worker, OutputStream Stream, string? Line, long Suppressed);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Worker} {Stream}: {Line}")]
        public static partial void Line(ILogger logger, WorkerId worker, string stream, string line);

        [LoggerMessage(2, LogLevel.Warning, "{Worker}: {Count} lines of output suppressed (more than 100 per second)")]
        public static partial void Suppressed(ILogger logger, WorkerId worker, long count);
    }
}
