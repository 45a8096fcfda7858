namespace WorkerHost.Tests;

/// <summary>What was asked for, seen from inside a task; and what a pool makes of a task that wants too much.</summary>
public sealed class IsolationTests
{
    [Fact]
    public async Task A_task_finds_itself_within_the_limits_of_its_pool()
    {
        await using var pool = await TestPool.StartAsync(With(new IsolationOptions { Nice = 3, MaxOpenFiles = 500, NoNewPrivileges = true, OomScoreAdjust = 77 }));
        var limits = await pool.Submit<string>("read", ["/proc/self/limits"]).Task.WaitAsync(TestPool.Patience);
        Assert.Matches("Max open files +500 +500", limits);
        Assert.Matches("Max core file size +0 +0", limits);
        Assert.Contains("NoNewPrivs:\t1", await pool.Submit<string>("read", ["/proc/self/status"]).Task.WaitAsync(TestPool.Patience), StringComparison.Ordinal);
        var host = int.Parse(await File.ReadAllTextAsync("/proc/self/oom_score_adj", TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal($"{Math.Min(1000, host + 77)}\n", await pool.Submit<string>("read", ["/proc/self/oom_score_adj"]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_pool_runs_tasks_as_another_user()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can start workers as another user");
        await using var pool = await TestPool.StartAsync(With(new IsolationOptions { User = "nobody" }));
        Assert.Matches("Uid:\t65534\t65534", await pool.Submit<string>("read", ["/proc/self/status"]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_pool_runs_tasks_in_a_sandbox()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/bwrap"), "bwrap");
        await using var pool = await TestPool.StartAsync(With(new IsolationOptions
        {
            Launcher = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid", "--die-with-parent", "--bind", "{directory}", "{directory}", "--"],
        }));
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        var failure = await TestPool.FailureOf(pool.Submit<object?>("touch", [TestPool.NewPath()]));
        Assert.Equal(TaskFailureKind.TaskFailed, failure?.Kind);
    }

    [Fact]
    [Trait("Scenario", "40")]
    public async Task A_task_that_alone_exceeds_memory_fails_after_bounded_tries_and_says_why()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && Directory.Exists("/sys/fs/cgroup/memory"), "no memory control groups to write here");
        await using var pool = await TestPool.StartAsync(With(new IsolationOptions { MemoryLimitBytes = 256 * 1024 * 1024 }));
        var failure = await TestPool.FailureOf(pool.Submit<object?>("eat_native", [], new TaskOptions { Idempotent = true }));
        Assert.Equal(TaskFailureKind.Quarantined, failure?.Kind);
        Assert.Equal([DeathCause.OutOfMemory, DeathCause.OutOfMemory], failure!.Failure.Deaths.Select(static d => d.Cause));
        Assert.Contains("Isolation.MemoryLimitBytes", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Scenario", "40")]
    public async Task A_managed_allocation_beyond_the_limit_is_a_failure_of_the_task_and_no_death()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && Directory.Exists("/sys/fs/cgroup/memory"), "no memory control groups to write here");
        await using var pool = await TestPool.StartAsync(With(new IsolationOptions { MemoryLimitBytes = 400 * 1024 * 1024 }));
        var failure = await TestPool.FailureOf(pool.Submit<long>("allocate", [1000]));
        Assert.Equal(TaskFailureKind.TaskFailed, failure?.Kind);
        Assert.Contains("OutOfMemoryException", failure!.Message, StringComparison.Ordinal);
        Assert.Null(pool.Workers[0].LastDeath);
    }

    private static EmbeddedPoolOptions With(IsolationOptions isolation) =>
        TestPool.Options() is var options ? options with { Supervision = options.Supervision with { Isolation = isolation } } : throw new InvalidOperationException();
}
