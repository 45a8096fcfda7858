namespace WorkerHost.Tests;

/// <summary>A pool whose workers have something to do before they take tasks.</summary>
public sealed class InitializerTests
{
    [Fact]
    public async Task Every_task_finds_its_worker_initialized_once_also_after_a_death()
    {
        var path = TestPool.NewPath();
        await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
        await using (var pool = await TestPool.StartAsync(TestPool.Options(workers: 2), "--initialize-when", path))
        {
            Assert.All(await TaskFuture.WhenAll(Initialized(pool)).WaitAsync(TestPool.Patience), static n => Assert.Equal(1, n));
            pool.Workers.ToList().ForEach(w => TestPool.Kill(w.Pid));
            Assert.All(await TaskFuture.WhenAll(Initialized(pool)).WaitAsync(TestPool.Patience), static n => Assert.Equal(1, n));
        }

        File.Delete(path);
        File.Delete(path + ".here");
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task One_that_fails_from_the_start_is_told_with_its_type_and_message()
    {
        var command = TestPool.Worker("--initialize-with", "/nowhere/model");

        var failed = await Assert.ThrowsAsync<WorkerStartException>(() => WorkerPool.StartAsync(command, TestPool.Options(), TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience));

        Assert.Contains("System.IO.FileNotFoundException: no model at /nowhere/model", failed.Message, StringComparison.Ordinal);
        Assert.Contains("initializer called", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "21")]
    public async Task One_that_never_ends_is_a_boot_timeout_that_tells_where_the_boot_stood()
    {
        var path = TestPool.NewPath();
        var options = TestPool.Options();
        options = options with { Supervision = options.Supervision with { BootTimeout = TimeSpan.FromSeconds(5) } };

        var failed = await Assert.ThrowsAsync<WorkerStartException>(
            () => WorkerPool.StartAsync(TestPool.Worker("--initialize-deaf", path), options, TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience));

        Assert.Contains("initializer called", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("listening", failed.Message, StringComparison.Ordinal);
        new[] { path + ".here", path + ".asked" }.ToList().ForEach(File.Delete);
    }

    [Fact]
    public async Task One_that_fails_only_in_a_later_incarnation_hurts_nobody()
    {
        using var needed = new NeededFile();
        var path = needed.Arguments[1];
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2), "--initialize-with", path);
        var supervisor = pool.Supervisor!;
        await TestPool.Until(() => supervisor.Counts is { Idle: 2, Spare: 1, Starting: 0 });

        needed.TakeAway();
        TestPool.Kill(pool.Workers[0].Pid);
        await TestPool.Until(
            () => supervisor.Workers.Any(static w => w.LastDeath?.LastOutput.Any(static l => l.Contains("no model at", StringComparison.Ordinal)) == true),
            "a replacement's initializer has failed");
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));

        needed.BringBack();
        await TestPool.Until(() => supervisor.Counts is { Idle: 2, Spare: 1 }, "the pool is whole again");
    }

    private static List<TaskFuture<int>> Initialized(WorkerPool pool) =>
        [.. Enumerable.Range(0, 50).Select(_ => pool.Submit<int>("initialized", [], new TaskOptions { Idempotent = true, Attempts = 10 }))];
}
