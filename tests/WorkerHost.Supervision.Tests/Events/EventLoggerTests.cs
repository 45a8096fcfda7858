using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Tests.Events;

public sealed class EventLoggerTests
{
    private readonly EventLog events = new("pool", 16, TimeProvider.System);

    [Fact]
    public async Task What_is_said_is_logged_with_the_same_words()
    {
        var loggers = new RecordingLoggers();
        var logger = new EventLogger(events, loggers.CreateLogger("test"));
        var said = events.Add(new SupervisorEvent.NoWarden("no sh"));
        events.Complete();
        await logger.DisposeAsync();
        var line = Assert.Single(loggers.Lines);
        Assert.Equal((said.Text, LogLevel.Warning, said.Number), (line.Text, line.Level, line.Event));
    }

    [Fact]
    public async Task A_logger_that_throws_does_no_harm()
    {
        var logger = new EventLogger(events, new RecordingLoggers { Throws = true }.CreateLogger("test"));
        events.Add(new SupervisorEvent.Stopping());
        events.Complete();
        await logger.DisposeAsync().AsTask().Soon();
    }

    [Fact]
    public async Task What_passes_by_a_logger_that_blocks_is_counted()
    {
        using var blocking = new BlockingLogger();
        var logger = new EventLogger(events, blocking);
        events.Add(new SupervisorEvent.Stopping());
        await blocking.Entered.Task.Soon();
        for (var i = 0; i < 100; i++)
        {
            events.Add(new SupervisorEvent.Stopping());
        }

        blocking.Release();
        events.Complete();
        await logger.DisposeAsync();
        Assert.Equal("84 events were not logged: the logger was too slow for them", blocking.Lines[1]);
        Assert.Equal(1 + 1 + 16, blocking.Lines.Count);
    }
}
