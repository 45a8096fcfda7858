namespace WorkerHost.Sidecar.Tests.Hosting;

/// <summary>A host that is killed while a pool over it has work under way, and started again at the same place.</summary>
public sealed class KilledHostTests : IDisposable
{
    private const int Tasks = 3000;

    private readonly string directory = Directory.CreateTempSubdirectory("workerhost-").FullName;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_connected_pool_goes_on_and_no_task_has_two_outcomes()
    {
        var token = TestContext.Current.CancellationToken;
        var (socket, log) = (Path.Combine(directory, "data.sock"), Path.Combine(directory, "log"));
        var host = await ServedHost.StartAsync(directory, socket);
        try
        {
            await using var pool = await WorkerPool.ConnectAsync($"unix://{socket}", new WorkerPoolOptions { Attempts = 5 }, token);
            var outcomes = new int[Tasks];
            var ended = 0;
            var futures = Enumerable.Range(0, Tasks).Select(i => pool.Submit<string>("record", [log, 1], new TaskOptions { Idempotent = i % 2 == 0 })).ToList();
            for (var i = 0; i < Tasks; i++)
            {
                var number = i;
                futures[i].AddDoneCallback(_ =>
                {
                    Interlocked.Increment(ref outcomes[number]);
                    Interlocked.Increment(ref ended);
                });
            }

            for (var kills = 1; kills <= 3; kills++)
            {
                await Eventually.IsTrue(() => Volatile.Read(ref ended) >= kills * Tasks / 5, $"work gets done before kill {kills}");
                await host.KillAsync();
                host = await ServedHost.StartAsync(directory, socket);
            }

            await Eventually.IsTrue(() => Volatile.Read(ref ended) == Tasks, "every task has its outcome");
            var lines = File.ReadLines(log).Select(static l => l.Split(' ')).ToList();
            var begun = lines.Where(static l => l[3] == "begin").CountBy(static l => l[0]).ToDictionary();
            var lost = 0;
            for (var i = 0; i < Tasks; i++)
            {
                Assert.Equal(1, outcomes[i]);
                var runs = begun.GetValueOrDefault(futures[i].Id);
                if (futures[i].State == TaskState.Succeeded)
                {
                    Assert.Equal(futures[i].Id, futures[i].GetResult());
                    Assert.InRange(runs, 1, i % 2 == 0 ? 4 : 1);
                    continue;
                }

                lost++;
                Assert.False(i % 2 == 0, $"task {i} is idempotent and failed: {futures[i].Completion.Exception}");
                var failure = Assert.ThrowsAny<TaskException>(() => futures[i].GetResult());
                Assert.Equal(TaskFailureKind.WorkerLost, failure.Kind);
                Assert.Contains("the host was restarted: it is instance ", failure.Message, StringComparison.Ordinal);
                Assert.InRange(runs, 0, 1);
            }

            Assert.InRange(lost, 1, Tasks / 5);
            Assert.Equal(0, pool.LateOutcomes);
            Assert.Equal(0, await host.TerminateAsync());
            await Eventually.IsTrue(() => lines.Select(static l => l[2]).Distinct().All(static pid => !IsWorker(pid)), "no worker is left behind");
        }
        finally
        {
            host.Dispose();
        }
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static bool IsWorker(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains("WorkerHost.TestWorker", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
