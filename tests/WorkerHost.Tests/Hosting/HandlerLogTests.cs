using Microsoft.Extensions.Logging;

namespace WorkerHost.Tests;

/// <summary>What a handler logs.</summary>
public sealed class HandlerLogTests
{
    [Fact]
    public async Task What_a_handler_logs_arrives_in_the_hosts_log_with_its_level_category_and_fields()
    {
        using var loggers = new RecordingLoggers();
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { LoggerFactory = loggers }, "--services");

        await pool.Submit("log", ["a \"quoted\" word\nand a line"]).Completion.WaitAsync(TestPool.Patience);

        var line = await loggers.Until(static l => l.Text.Contains("the task says", StringComparison.Ordinal));
        Assert.Equal((LogLevel.Information, 17), (line.Level, line.Event));
        Assert.StartsWith("WorkerHost.WorkerOutput.WorkerHost.TestWorker.", line.Category, StringComparison.Ordinal);
        Assert.Contains("quoted", line.State!.Single(static field => field.Key == "Text").Value!.ToString(), StringComparison.Ordinal);
    }
}
