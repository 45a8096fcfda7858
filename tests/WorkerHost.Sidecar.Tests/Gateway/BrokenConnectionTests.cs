using Microsoft.Extensions.Logging;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A client that is gone is no error of the host's, and no operator is to read of it as one.</summary>
public sealed class BrokenConnectionTests
{
    [Fact]
    public async Task Clients_that_hang_up_leave_no_warnings_in_the_log()
    {
        var pool = await HostUnderTest.InProcess("only", static worker =>
            worker.MapTask("wait", static async (CancellationToken token) => await Task.Delay(Timeout.Infinite, token)));
        RecordingLoggers loggers;
        await using (var host = await HostUnderTest.StartAsync(new DataSettings(), pool))
        {
            loggers = host.Loggers;
            await HangUpAsync(host, pool.Pool);
        }

        // Its sessions have ended with it.
        Assert.DoesNotContain(loggers.Lines, static line => line.Level >= LogLevel.Warning);
    }

    private static async Task HangUpAsync(HostUnderTest host, WorkerPool pool)
    {
        for (var i = 0; i < 20; i++)
        {
            using var session = await RawClient.OpenAsync($"unix://{host.SocketPath}", $"gone-{i}");
            using var channel = host.OverSocket();
            var endpoint = new TaskEndpoint.TaskEndpointClient(channel);
            using var unary = endpoint.RunAsync(HostUnderTest.Request("wait", "[]"));
            using var events = endpoint.RunWithEvents(new RunWithEventsRequest { Task = HostUnderTest.Request("wait", "[]"), CollectsItems = true });
            await Eventually.IsTrue(() => pool.UnsettledTasks >= 2, "they have come");
            session.Cut();
            channel.Dispose();
            await Assert.ThrowsAnyAsync<Exception>(async () => await unary);
            await Eventually.IsTrue(() => pool.UnsettledTasks == 0, "the calls have ended");
        }
    }
}
