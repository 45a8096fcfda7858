using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkerHost;

internal sealed record LogLine(string Category, LogLevel Level, string Text, Exception? Error, int Event = 0, IReadOnlyList<KeyValuePair<string, object?>>? State = null);

/// <summary>Keeps what was logged, and lets a test wait for a line.</summary>
internal sealed class RecordingLoggers : ILoggerFactory
{
    private readonly ConcurrentQueue<LogLine> lines = new();
    private readonly Channel<LogLine> stream = Channel.CreateUnbounded<LogLine>();

    public IReadOnlyCollection<LogLine> Lines => lines;

    /// <summary>A provider of the user's that is broken.</summary>
    public bool Throws { get; init; }

    /// <summary>The next line like that; those before it are not looked at again.</summary>
    public async Task<LogLine> Until(Func<LogLine, bool> wanted)
    {
        using var hang = new CancellationTokenSource(Eventually.Patience);
        while (true)
        {
            if (await stream.Reader.ReadAsync(hang.Token) is var line && wanted(line))
            {
                return line;
            }
        }
    }

    public Task<LogLine> Output(string start) => Until(l => l.Category == "WorkerHost.WorkerOutput" && l.Text.Contains(start, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class Logger(RecordingLoggers owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => owner.Throws ? throw new InvalidOperationException("a broken logger") : true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (owner.Throws)
            {
                throw new InvalidOperationException("a broken logger");
            }

            var line = new LogLine(category, logLevel, formatter(state, exception), exception, eventId.Id, state as IReadOnlyList<KeyValuePair<string, object?>>);
            owner.lines.Enqueue(line);
            owner.stream.Writer.TryWrite(line);
        }
    }
}
