using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Tests;

/// <summary>A logger of the user's that hangs in its first line until it is released.</summary>
internal sealed class BlockingLogger : ILogger, ILoggerFactory
{
    private readonly ManualResetEventSlim released = new();

    /// <summary>Completes when the first line hangs in it.</summary>
    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<string> Lines { get; } = [];

    public void Release() => released.Set();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Entered.TrySetResult();
        released.Wait();
        lock (Lines)
        {
            Lines.Add(formatter(state, exception));
        }
    }

    public void Dispose()
    {
        released.Set();
        released.Dispose();
    }
}
