using System.Diagnostics;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>A host that is told to stop while it is at work.</summary>
public sealed class StopUnderLoadTests
{
    private static readonly Dictionary<string, object> Pools = new() { ["images"] = RunningHost.Pool(2) };

    [Fact]
    [Trait("Scenario", "43")]
    public async Task Every_accepted_call_is_answered_and_the_host_ends_with_0()
    {
        await using var host = await RunningHost.StartAsync(Pools);
        await using var pool = await host.ConnectAsync(options: new WorkerPoolOptions { Name = "client", DrainTimeout = TimeSpan.Zero });
        var log = Path.Combine(host.Directory, "log");
        var tasks = Enumerable.Range(0, 2000).Select(_ => pool.Submit<string>("record", [log, 1])).ToList();
        var endpoint = host.Endpoint();
        var calls = Enumerable.Range(0, 20).Select(i => endpoint.RunAsync(
            new RunRequest { Id = $"call-{i}", Task = "record", Payload = new Payload { ContentType = "application/json", Data = Google.Protobuf.ByteString.CopyFromUtf8($"[\"{log}\",1]") } },
            deadline: DateTime.UtcNow.Add(Eventually.Patience))).ToList();
        await Eventually.IsTrue(() => tasks.Count(static t => t.IsDone) >= 100 && calls.Any(static c => c.ResponseAsync.IsCompleted), "work gets done");
        var before = tasks.Count(static t => t.IsDone);

        await host.SignalAsync("TERM");
        Assert.Equal(0, await host.ExitAsync());

        // Refused, or done: nothing is lost, and nothing is left open on the wire.
        foreach (var call in calls)
        {
            await ((Task)call.ResponseAsync).WaitAsync(Eventually.Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        var runs = File.ReadLines(log).Select(static l => l.Split(' ')).ToList();
        var begun = runs.Where(static l => l[3] == "begin").Select(static l => l[0]).ToHashSet();
        Assert.Equal(begun, runs.Where(static l => l[3] == "end").Select(static l => l[0]).ToHashSet());
        Assert.Equal(runs.Count / 2, begun.Count);
        for (var i = 0; i < calls.Count; i++)
        {
            Assert.Equal(begun.Contains($"call-{i}"), calls[i].ResponseAsync.IsCompletedSuccessfully);
        }

        await Eventually.IsTrue(() => tasks.Where(t => begun.Contains(t.Id)).All(static t => t.IsDone), "what was run is told");
        Assert.All(tasks.Where(t => begun.Contains(t.Id)), static t => Assert.Equal(TaskState.Succeeded, t.State));
        Assert.DoesNotContain(tasks, t => t.State == TaskState.Succeeded && !begun.Contains(t.Id));
        Assert.InRange(tasks.Count(static t => t.State == TaskState.Succeeded), before, 1999);

        // What the host had not taken is still the client's, who may wait for another one, or give up.
        await pool.StopAsync(StopMode.CancelWaiting, TestContext.Current.CancellationToken).WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
        Assert.All(tasks, static t => Assert.True(t.IsDone));
        Assert.Empty(Directory.EnumerateFileSystemEntries(host.Temporary));
        Assert.DoesNotContain(runs.Select(static l => int.Parse(l[2])).Distinct(), RunningHost.IsAlive);
    }

    [Fact]
    [Trait("Scenario", "43")]
    public async Task A_second_signal_hurries_a_host_with_a_task_that_never_ends()
    {
        await using var host = await RunningHost.StartAsync(Pools);
        await using var pool = await host.ConnectAsync();
        var here = Path.Combine(host.Directory, "here");
        var task = pool.Submit<int>("meet", [here, Path.Combine(host.Directory, "never")]);
        await Eventually.IsTrue(() => File.Exists(here), "the task runs");

        await host.SignalAsync("TERM");
        await host.LoggedAsync("a second signal hurries");
        Assert.False(task.IsDone);
        var since = Stopwatch.GetTimestamp();
        await host.SignalAsync("TERM");

        Assert.Equal(0, await host.ExitAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await Eventually.IsTrue(() => task.IsDone, "the task has its outcome");
        Assert.NotEqual(TaskState.Succeeded, task.State);
        Assert.Empty(Directory.EnumerateFileSystemEntries(host.Temporary));
    }
}
