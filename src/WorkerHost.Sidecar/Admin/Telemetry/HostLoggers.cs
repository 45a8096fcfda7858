using Microsoft.Extensions.Logging.Console;

namespace WorkerHost.Sidecar.Admin.Telemetry;

/// <summary>The log of the host, on stderr: stdout is for what a command was asked for.</summary>
internal static class HostLoggers
{
    /// <summary>To be disposed of last but for <paramref name="otlp"/>: that writes what is still to be written.</summary>
    /// <param name="isJson">One JSON object per line; else a line for people.</param>
    /// <param name="level">The lowest level that is written.</param>
    /// <param name="otlp">Where it is sent besides; null: nowhere.</param>
    public static ILoggerFactory Create(bool isJson, LogLevel level, OtlpExport? otlp) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(level);
        if (level == LogLevel.Information)
        {
            // What every connection and call does is for those who look for a defect there.
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddFilter("Grpc", LogLevel.Warning);
        }

        logging.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (isJson)
        {
            logging.AddJsonConsole(static line => (line.UseUtcTimestamp, line.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        }
        else
        {
            logging.AddSimpleConsole(static line => (line.SingleLine, line.UseUtcTimestamp, line.TimestampFormat) = (true, true, "yyyy-MM-dd HH:mm:ss.fff "));
        }

        otlp?.AddTo(logging);
    });
}
