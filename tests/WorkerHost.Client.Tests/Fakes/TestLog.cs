using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Client.Tests;

/// <summary>Keeps what was logged; an error nobody expected fails the test.</summary>
internal sealed class TestLog : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text, Exception? Exception)> lines = new();

    public IReadOnlyList<string> Texts => [.. lines.Select(static l => l.Text)];

    /// <summary>Errors up to now; from here on they count as expected.</summary>
    public List<(LogLevel Level, string Text, Exception? Exception)> TakeErrors()
    {
        var errors = lines.Where(static l => l.Level >= LogLevel.Error).ToList();
        lines.Clear();
        return errors;
    }

    public void AssertNoErrors() => Assert.DoesNotContain(lines, static l => l.Level >= LogLevel.Error);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue((logLevel, formatter(state, exception), exception));
}
