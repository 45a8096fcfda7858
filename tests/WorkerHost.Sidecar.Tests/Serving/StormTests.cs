using System.Diagnostics;
using WorkerHost.Tests;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>A worker of a host is killed each second while very many clients have it work.</summary>
public sealed class StormTests
{
    private const int Workers = 4;

    [Fact]
    [Trait("Category", "Slow")]
    [Trait("Scenario", "9")]
    public async Task Two_hundred_clients_with_500_tasks_each_are_told_of_every_one()
    {
        // With everything as it is by default.
        await using var host = await RunningHost.StartAsync(new() { ["images"] = new { command = new { fileName = TestWorker.Path }, workers = Workers } }, http: true);
        await Eventually.IsTrue(() => host.Admin.ListPools(new ListPoolsRequest()).Pools[0].Serving == Workers, "all workers are there");
        var log = Path.Combine(host.Directory, "log");
        var callers = Enumerable.Range(0, 200).Select(i => new Caller($"c{i}", log)).ToList();
        var before = host.ResidentBytes();
        var since = Stopwatch.GetTimestamp();
        using var over = new CancellationTokenSource();
        var kills = KillAsync(host, over.Token);
        var calls = Task.WhenAll(callers.Select((caller, i) => Task.Run(() => CallAsync(host, caller, i))));
        await ((Task)calls).WaitAsync(Eventually.Patience * 5).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await over.CancelAsync();
        var (killedAt, took) = (await kills, Stopwatch.GetElapsedTime(since));
        Assert.True(calls.IsCompletedSuccessfully, $"{callers.Sum(static c => c.Outcomes.Count)} outcomes in {took.TotalSeconds:0} s, {killedAt.Count} kills; {calls.Exception}\n{host.Log}");

        var outcomes = callers.SelectMany(static c => c.Outcomes).ToList();
        var record = await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken);
        var failed = outcomes.Where(static o => o.Failure is not null).ToList();
        var runs = record.Count(static l => l.Contains(" begin ", StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{outcomes.Count} tasks in {took.TotalSeconds:0.0} s, {killedAt.Count} kills, {failed.Count} lost, {runs} runs; the host had {before >> 20} MiB before and {host.ResidentBytes() >> 20} MiB after it");

        Assert.Equal(200 * 500, outcomes.Count);
        Assert.Empty(StormOracle.Judge(outcomes, record, killedAt));
        Assert.All(failed, static o => Assert.Equal((TaskFailureKind.WorkerLost, false), (o.Failure!.Kind, o.Idempotent)));
        Assert.InRange(failed.Count, 0, killedAt.Count);
        await Eventually.IsTrue(() => host.Admin.ListPools(new ListPoolsRequest()).Pools[0].Serving == Workers, "all workers are there again");
        Assert.DoesNotContain("breaker open", host.Log, StringComparison.Ordinal);

        // Neither is it an error when a client leaves.
        host.AssertNoErrors();
    }

    private static async Task CallAsync(RunningHost host, Caller caller, int number)
    {
        const int tasks = 500;
        switch (number % 10)
        {
            case < 5:
                await using (var pool = await host.ConnectAsync())
                {
                    await caller.SubmitAsync(pool, tasks);
                }

                break;
            case < 9:
                await caller.CallAsync(host.Endpoint(), tasks, atOnce: 8);
                break;
            default:
                using (var http = host.Http())
                {
                    await caller.PostAsync(http, tasks, atOnce: 4);
                }

                break;
        }
    }

    /// <returns>Who was killed, and when.</returns>
    private static async Task<IReadOnlyDictionary<int, long>> KillAsync(RunningHost host, CancellationToken over)
    {
        var killedAt = new Dictionary<int, long>();
        var random = new Random(62);
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await second.WaitForNextTickAsync(over))
            {
                var ready = (await host.WorkersAsync()).Where(w => w.State == WorkerState.Ready && !killedAt.ContainsKey(w.Pid)).ToList();
                if (ready.Count > 0)
                {
                    using var victim = Process.GetProcessById(ready[random.Next(ready.Count)].Pid);
                    killedAt.Add(victim.Id, Stopwatch.GetTimestamp());
                    victim.Kill();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The storm is over.
        }

        return killedAt;
    }
}
