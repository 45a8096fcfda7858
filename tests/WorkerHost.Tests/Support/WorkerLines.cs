using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Tests;

/// <summary>What the pool logs, its workers' output among it.</summary>
internal sealed class WorkerLines : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> lines = [];

    public IReadOnlyCollection<string> All => lines;

    /// <summary>Lines come from a pump behind what happens.</summary>
    public Task Until(string part) => TestPool.Until(() => lines.Any(l => l.Contains(part, StringComparison.Ordinal)), $"a line says: {part}");

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));
}
