namespace WorkerHost.Tests;

/// <summary>Stopping a pool that has work: what waits is cancelled, what runs may finish.</summary>
public sealed class StopModeTests : IDisposable
{
    private readonly DirectoryInfo traces = Directory.CreateDirectory(TestPool.NewPath());
    private readonly string there = TestPool.NewPath();

    public void Dispose()
    {
        traces.Delete(recursive: true);
        File.Delete(there);
    }

    [Fact]
    [Trait("Scenario", "47")]
    public async Task What_waits_is_cancelled_and_never_runs_and_what_runs_succeeds()
    {
        var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var (running, waiting) = await FillAsync(pool);
        var queued = waiting.Where(static f => f.Attempts.Count == 0).ToList();

        var stop = pool.StopAsync(StopMode.CancelWaiting);

        // Without waiting for the stop.
        Assert.All(queued, static f => Assert.Equal(TaskState.Cancelled, f.State));
        Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit("touch", [there])).Kind);
        await Task.WhenAll(waiting.Select(static f => f.Settled)).WaitAsync(TestPool.Patience);
        Assert.All(waiting, static f => Assert.Equal(TaskState.Cancelled, f.State));
        Assert.All(running, static f => Assert.False(f.IsDone));
        Assert.False(stop.IsCompleted);

        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(2, (await TaskFuture.WhenAll(running).WaitAsync(TestPool.Patience)).Distinct().Count());
        await stop.WaitAsync(TestPool.Patience);
        Assert.Equal(["running-0", "running-1"], traces.EnumerateFiles().Select(static f => f.Name).Order());
        Assert.DoesNotContain(pool.Workers, static w => TestPool.IsAlive(w.Pid));
    }

    [Fact]
    [Trait("Scenario", "47")]
    public async Task A_stop_may_be_asked_for_more_later_and_not_for_less()
    {
        var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var (running, waiting) = await FillAsync(pool);

        var first = pool.StopAsync();
        var second = pool.StopAsync(StopMode.CancelWaiting);
        var third = pool.StopAsync(StopMode.CancelAll);
        await Task.WhenAll(first, second, third, pool.StopAsync()).WaitAsync(TestPool.Patience);

        Assert.All(running.Concat<TaskFuture>(waiting), static f => Assert.Equal(TaskState.Cancelled, f.State));
        Assert.Equal(2, traces.EnumerateFiles().Count());
    }

    [Fact]
    public async Task A_mode_that_is_none_stops_nothing()
    {
        await using var pool = await TestPool.StartAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => pool.StopAsync((StopMode)3));
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    /// <summary>A task in each worker that runs until a file is there, some of a name known to be short behind it, and many in the queue.</summary>
    private async Task<(List<TaskFuture<int>> Running, List<TaskFuture> Waiting)> FillAsync(WorkerPool pool)
    {
        while (true)
        {
            // As long as the pool has not learned that both are short it keeps all of them in its queue.
            await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
            for (var i = 0; i < 20; i++)
            {
                await pool.Submit<int>("meet", [Trace("short"), there]).Task.WaitAsync(TestPool.Patience);
                await pool.Submit("touch", [Trace("short")]).Completion.WaitAsync(TestPool.Patience);
            }

            File.Delete(there);
            File.Delete(Trace("short"));
            var running = Enumerable.Range(0, 2).Select(i => pool.Submit<int>("meet", [Trace($"running-{i}"), there])).ToList();
            await TestPool.Until(() => File.Exists(Trace("running-0")) && File.Exists(Trace("running-1")));
            var waiting = Enumerable.Range(0, 500).Select(i => pool.Submit("touch", [Trace($"waiting-{i}")])).ToList();
            if (waiting.Exists(static f => f.Attempts.Count > 0))
            {
                return (running, waiting);
            }

            await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
            await Task.WhenAll(running.Concat(waiting).Select(static f => f.Settled)).WaitAsync(TestPool.Patience);
            foreach (var file in traces.EnumerateFiles())
            {
                file.Delete();
            }
        }
    }

    private string Trace(string name) => Path.Combine(traces.FullName, name);
}
