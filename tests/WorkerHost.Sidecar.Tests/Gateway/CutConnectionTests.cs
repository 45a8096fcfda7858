using System.Collections.Concurrent;
using System.Net.Sockets;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A pool whose connections to a host are cut again and again under load.</summary>
public sealed class CutConnectionTests(GatewayFixture host) : IClassFixture<GatewayFixture>, IDisposable
{
    private readonly ConcurrentQueue<NetworkStream> connections = new();
    private readonly string log = Path.Combine(Path.GetTempPath(), $"workerhost-{Guid.NewGuid():n}");

    [Theory]
    [InlineData(400, 40)]
    [InlineData(10_000, 200, Traits = ["Category", "Slow"])]
    public async Task Every_task_runs_once_and_none_is_lost(int tasks, int tasksPerCut)
    {
        var token = TestContext.Current.CancellationToken;
        var options = new WorkerPoolOptions
        {
            Name = "cut",
            WrapSocket = stream =>
            {
                connections.Enqueue((NetworkStream)stream);
                return stream;
            },
        };
        await using var pool = await WorkerPool.ConnectAsync(host.Address, options, token);
        var futures = Enumerable.Range(0, tasks).Select(i => pool.Submit<string>("record", [log, 0], new TaskOptions { Idempotent = i % 2 == 0 })).ToList();
        var cuts = 0;
        for (var i = 0; i < futures.Count; i++)
        {
            await ((Task)futures[i].Completion).WaitAsync(TimeSpan.FromSeconds(20), token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Assert.True(futures[i].IsDone, $"task {i} has no outcome after {cuts} cuts");
            if (i % tasksPerCut == 0)
            {
                await Eventually.IsTrue(() => !connections.IsEmpty, "the pool connects again");
                cuts += Cut();
            }
        }

        Assert.Equal(tasks / tasksPerCut, cuts);
        var begun = File.ReadLines(log).Where(static l => l.Contains(" begin ", StringComparison.Ordinal)).CountBy(static l => l.Split(' ')[0]).ToDictionary();
        for (var i = 0; i < futures.Count; i++)
        {
            // Also what was cut off on its way to the host: that knows what never came.
            Assert.Equal(TaskState.Succeeded, futures[i].State);
            Assert.Equal(1, begun.GetValueOrDefault(futures[i].Id));
        }
    }

    public void Dispose() => File.Delete(log);

    /// <summary>There is one at a time, also while its session opens.</summary>
    private int Cut()
    {
        var cut = 0;
        while (connections.TryDequeue(out var connection))
        {
            try
            {
                connection.Socket.Shutdown(SocketShutdown.Both);
                cut++;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It was broken already.
            }
        }

        return cut;
    }
}
