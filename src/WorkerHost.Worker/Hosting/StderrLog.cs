using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>
/// Warnings and errors as single lines on stderr, where the supervisor picks them up with everything else the worker says.
/// Nothing below a warning: stdout and stderr are the user's.
/// </summary>
internal sealed class StderrLog : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Category(categoryName);

    public void Dispose()
    {
    }

    private sealed class Category(string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and < LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var tail = exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})";
            Console.Error.WriteLine($"workerhost {(logLevel == LogLevel.Warning ? "warning" : "error")}: {name}: {formatter(state, exception)}{tail}");
        }
    }
}
