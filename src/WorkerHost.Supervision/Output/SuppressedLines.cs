using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>Says how many lines were left out, and which settings say so.</summary>
internal static partial class SuppressedLines
{
    public const string Category = "WorkerHost.WorkerOutput";

    public static void Tell(ILogger logger, OutputOptions options, OutputLine line)
    {
        if (line.Suppressed > 0)
        {
            Suppressed(logger, line.Worker, line.Suppressed, options.LinesPerSecond, options.LinesAtOnce);
        }
    }

    [LoggerMessage(2, LogLevel.Warning, "{Worker}: {Count} lines of output suppressed (more than {LinesPerSecond} per second and {LinesAtOnce} at once, or more than could be handed on)")]
    private static partial void Suppressed(ILogger logger, WorkerId worker, long count, int linesPerSecond, int linesAtOnce);
}
