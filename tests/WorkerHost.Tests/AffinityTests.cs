namespace WorkerHost.Tests;

/// <summary>Keys, with two real workers.</summary>
public sealed class AffinityTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private WorkerPool Pool => shared.Pool;

    [Fact]
    public async Task Tasks_of_one_key_run_on_one_worker_while_it_is_free_and_wait_for_it_never()
    {
        var homes = new Dictionary<string, int>();
        for (var i = 0; i < 160; i++)
        {
            var key = $"model-{i % 16}";
            var pid = await RunAsync(key);
            Assert.Equal(homes.TryAdd(key, pid) ? pid : homes[key], pid);
        }

        // The hash is the same in every run: each has some of the sixteen.
        Assert.Equal(2, homes.Values.Distinct().Count());

        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        var busy = Pool.Submit<int>("meet", [here, there], new TaskOptions { AffinityKey = "model-0" });
        await TestPool.Until(() => File.Exists(here));
        Assert.NotEqual(homes["model-0"], await RunAsync("model-0"));

        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(homes["model-0"], await busy.Task.WaitAsync(TestPool.Patience));
        File.Delete(here);
        File.Delete(there);
    }

    private async Task<int> RunAsync(string key)
    {
        var task = Pool.Submit<int>("slow_at", [0, 0, 0], new TaskOptions { AffinityKey = key });
        var pid = await task.Task.WaitAsync(TestPool.Patience);
        await task.Settled.WaitAsync(TestPool.Patience);
        return pid;
    }
}
