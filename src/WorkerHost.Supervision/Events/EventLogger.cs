using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// Writes what a supervisor says to the user's logger. It is a watcher like any other, so that a logger that is slow, or
/// blocks for ever, never holds up supervision; what passed it by meanwhile is counted in a line of its own.
/// </summary>
internal sealed class EventLogger : IAsyncDisposable
{
    /// <summary>A logger that takes longer for the last events does not hold up the end of the supervisor.</summary>
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly EventLog events;
    private readonly ILogger logger;
    private readonly Task writing;

    public EventLogger(EventLog events, ILogger logger)
    {
        this.events = events;
        this.logger = logger;
        writing = Task.Run(WriteAsync);
    }

    /// <summary>Returns when the last event is written; to be called after the end of the events.</summary>
    public async ValueTask DisposeAsync() => await writing.WaitAsync(Goodbye).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task WriteAsync()
    {
        for (long? after = 0; after is { } from;)
        {
            try
            {
                await foreach (var e in events.WatchAsync(from, CancellationToken.None).ConfigureAwait(false))
                {
                    Write(new EventId(e.Number, e.GetType().Name), e.Level, new LoggedEvent(e), e.Error);
                }

                after = null;
            }
            catch (EventsLostException lost)
            {
                after = lost.OldestKept - 1;
                Write(default, LogLevel.Warning, $"{after - lost.After} events were not logged: the logger was too slow for them", null);
            }
        }
    }

    private void Write<T>(EventId id, LogLevel level, T what, Exception? error)
        where T : notnull
    {
        try
        {
            logger.Log(level, id, what, error, static (what, _) => what.ToString()!);
        }
        catch (Exception)
        {
            // A logger that throws loses its line, and there is nobody else to tell.
        }
    }
}
