using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// A logger for each category that workers name, below our own so that none can pass for the host's. A factory keeps its
/// loggers for ever, so there is only room for so many; whoever invents more goes to the one without.
/// </summary>
internal sealed class WorkerLoggers(ILoggerFactory factory)
{
    public const int MostCategories = 200;
    private const int LongestCategory = 256;

    private readonly Dictionary<string, ILogger> loggers = new(StringComparer.Ordinal);

    public ILogger Plain { get; } = factory.CreateLogger(SuppressedLines.Category);

    public ILogger For(string? category)
    {
        if (category is null or { Length: 0 or > LongestCategory })
        {
            return Plain;
        }

        if (!loggers.TryGetValue(category, out var logger))
        {
            if (loggers.Count == MostCategories)
            {
                return Plain;
            }

            logger = factory.CreateLogger($"{SuppressedLines.Category}.{category}");
            loggers.Add(category, logger);
        }

        return logger;
    }
}
