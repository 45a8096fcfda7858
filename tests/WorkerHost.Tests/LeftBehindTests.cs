namespace WorkerHost.Tests;

/// <summary>What a handler leaves running fails when the handler has long returned: it is told, and charged to no other task.</summary>
[Trait("Scenario", "17")]
public sealed class LeftBehindTests
{
    [Fact]
    public async Task A_failed_task_that_a_handler_left_behind_is_a_line_of_its_worker_and_nobodys_failure()
    {
        using var lines = new WorkerLines();
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { LoggerFactory = lines });
        var pid = pool.Workers[0].Pid;

        await pool.Submit("leave_failing_task", ["left\nbehind"]).Completion.WaitAsync(TestPool.Patience);
        var told = lines.Until("tests/0#1 stderr: workerhost warning: WorkerHost.Worker: a task that a handler left behind failed, and nobody waited for it: System.InvalidOperationException: left | behind at WorkerHost.TestWorker.BackgroundTasks");
        while (!told.IsCompleted)
        {
            // The task is found when it is collected, and it can be collected when its thread has let go of it.
            await pool.Submit("collect").Completion.WaitAsync(TestPool.Patience);
        }

        await told;
        Assert.Equal(pid, await pool.Submit<int>("pid").Task.WaitAsync(TestPool.Patience));
        Assert.Empty(pool.Supervisor!.Totals.Deaths);
    }

    [Theory]
    [InlineData("thread")]
    [InlineData("async void")]
    public async Task A_crash_behind_a_finished_task_in_an_idle_worker_is_a_death_that_names_no_task(string how)
    {
        await using var pool = await TestPool.StartAsync();
        var go = TestPool.NewPath();
        var finished = pool.Submit<int>("throw_behind", [go, how]);
        var pid = await finished.Task.WaitAsync(TestPool.Patience);

        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        await TestPool.Until(() => !TestPool.IsAlive(pid), "the worker has crashed");

        Assert.NotEqual(pid, await pool.Submit<int>("pid", [], new TaskOptions { Attempts = 1 }).Task.WaitAsync(TestPool.Patience));
        await TestPool.Until(() => pool.Workers[0].LastDeath is not null, "its death was reported");
        var death = pool.Workers[0].LastDeath!;
        Assert.Equal((pid, DeathCause.Crash, "SIGABRT"), (death.Pid, death.Cause, death.Signal));
        Assert.Empty(death.RunningTasks);
        Assert.Contains(death.LastOutput, l => l.Contains($"from {(how == "thread" ? "a thread" : "an async void")} that was left behind", StringComparison.Ordinal));
        Assert.Equal((TaskState.Succeeded, pid), (finished.State, await finished));
        Assert.Null(Assert.Single(finished.Attempts).Death);
        File.Delete(go);
    }

    [Theory]
    [InlineData("thread")]
    [InlineData("async void")]
    public async Task A_crash_behind_a_finished_task_takes_what_runs_by_then_and_says_whose_stack_it_was(string how)
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 2 });
        var (go, there) = (TestPool.NewPath(), TestPool.NewPath());
        string[] here = [TestPool.NewPath(), TestPool.NewPath()];
        var finished = pool.Submit<int>("throw_behind", [go, how]);
        var pid = await finished.Task.WaitAsync(TestPool.Patience);
        var lost = pool.Submit<int>("meet", [here[0], there]);
        var again = pool.Submit<int>("meet", [here[1], there], new TaskOptions { Idempotent = true });
        await TestPool.Until(() => here.All(File.Exists), "both run");

        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        var failure = await TestPool.FailureOf(lost);
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);

        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Running), (failure?.Kind, failure?.Failure.Verdict));
        var death = Assert.Single(failure!.Failure.Deaths);
        Assert.Equal(new[] { lost.Id, again.Id }.Order(), death.RunningTasks.Order());
        Assert.Contains("that was left behind", failure.Message, StringComparison.Ordinal);
        Assert.NotEqual(pid, await again.Task.WaitAsync(TestPool.Patience));
        Assert.Empty(pool.Quarantined);
        Assert.Equal(TaskState.Succeeded, finished.State);
        here.Append(go).Append(there).ToList().ForEach(File.Delete);
    }
}
