using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A client that submits and does not read fills nobody's memory but its own.</summary>
public sealed class NeverReadingTests(GatewayFixture host) : IClassFixture<GatewayFixture>
{
    [Fact]
    [Trait("Scenario", "59")]
    [Trait("Category", "Slow")]
    public async Task A_client_that_never_reads_is_not_read_any_more()
    {
        using var client = await RawClient.OpenAsync(host.Address, "never-reading");
        var frame = new SessionRequest();
        for (var i = 0; i < 2000; i++)
        {
            // Refused each, with a text: those that were not would be as many at most as the queue holds.
            frame.Tasks.Add(new TaskSubmission { Task = "add", Data = ByteString.CopyFromUtf8("[1,2]"), Priority = 7 });
        }

        ulong sequence = 0;
        var writing = Task.CompletedTask;
        while (writing.IsCompleted && sequence < 2_000_000)
        {
            await writing;
            foreach (var task in frame.Tasks)
            {
                task.Sequence = task.Number = ++sequence;
            }

            writing = client.SendAsync(frame);
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));
        }

        // What it had sent until then: as many as may wait, and what fits into the buffers of both ends.
        Assert.True(sequence < 600_000, $"{sequence} tasks were taken of it");
        Assert.Equal(3, await host.Client.Submit<int>("add", [1, 2]).Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        client.Cut();
        await writing.ContinueWith(static _ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
