using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// Hands the workers' lines to the logger. Between the watcher's thread, which must never wait, and a logger, which may
/// be slow, stands a bounded queue; what does not fit is counted as suppressed.
/// </summary>
internal sealed partial class OutputLog : OutputSink
{
    public const int QueueLength = 512;

    /// <summary>A logger that takes longer for the last lines does not hold up the end of the supervisor.</summary>
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly Channel<OutputLine> queue = Channel.CreateBounded<OutputLine>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly OutputOptions options;
    private readonly WorkerLoggers loggers;
    private readonly ILogger logger;
    private readonly Task pump;

    public OutputLog(OutputOptions options, ILoggerFactory factory)
    {
        this.options = options;
        loggers = new WorkerLoggers(factory);
        logger = loggers.Plain;
        pump = Task.Run(PumpAsync);
    }

    /// <summary>A structured line may be worth more than a plain one.</summary>
    public override bool IsEnabled
    {
        get
        {
            try
            {
                return logger.IsEnabled(options.StructuredLines ? LogLevel.Critical : LogLevel.Information);
            }
            catch (Exception)
            {
                // A logger of the user's that throws is no reason not to start a worker.
                return true;
            }
        }
    }

    public override bool TryWrite(OutputLine line) => queue.Writer.TryWrite(line);

    public override async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await pump.WaitAsync(Goodbye).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PumpAsync()
    {
        await foreach (var line in queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Write(line);
            }
            catch (Exception)
            {
                // A logger that throws loses its line; the next worker's line is not its victim.
            }
        }
    }

    private void Write(OutputLine line)
    {
        SuppressedLines.Tell(logger, options, line);
        if (line.Bytes is null)
        {
            return;
        }

        var stream = line.Stream == OutputStream.Stdout ? "stdout" : "stderr";
        if (options.StructuredLines && StructuredLine.TryParse(line.Bytes) is { } structured)
        {
            structured.LogTo(loggers.For(structured.Category), line.Worker, stream);
        }
        else
        {
            Log.Line(logger, line.Worker, stream, HarmlessText.From(line.Bytes));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Worker} {Stream}: {Line}")]
        public static partial void Line(ILogger logger, WorkerId worker, string stream, string line);
    }
}
