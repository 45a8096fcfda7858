namespace WorkerHost.Tests;

/// <summary>Workers die; the pool does not.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private WorkerPool pool = null!;

    public async ValueTask InitializeAsync() => pool = await TestPool.StartAsync(TestPool.Options(workers: 2));

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Theory]
    [Trait("Scenario", "8")]
    [InlineData("die_while_reading", "throw", TaskFailureKind.BadInput, Traits = ["Category", "Slow"])]
    [InlineData("die_in_handler", "throw", TaskFailureKind.TaskFailed)]
    [InlineData("die_while_writing", "throw", TaskFailureKind.TaskFailed, Traits = ["Category", "Slow"])]
    [InlineData("die_while_reading", "exit0", TaskFailureKind.WorkerLost)]
    [InlineData("die_in_handler", "exit0", TaskFailureKind.WorkerLost, Traits = ["Category", "Slow"])]
    [InlineData("die_while_writing", "exit0", TaskFailureKind.WorkerLost, Traits = ["Category", "Slow"])]
    [InlineData("die_while_reading", "exit42", TaskFailureKind.WorkerLost, Traits = ["Category", "Slow"])]
    [InlineData("die_in_handler", "exit42", TaskFailureKind.WorkerLost, Traits = ["Category", "Slow"])]
    [InlineData("die_while_writing", "exit42", TaskFailureKind.WorkerLost)]
    [InlineData("die_while_reading", "abort", TaskFailureKind.WorkerLost, Traits = ["Category", "Slow"])]
    [InlineData("die_in_handler", "segv", TaskFailureKind.WorkerLost)]
    [InlineData("die_while_writing", "abort", TaskFailureKind.WorkerLost)]
    public async Task However_and_wherever_a_task_dies_its_future_says_so_and_the_pool_goes_on(string where, string how, TaskFailureKind kind)
    {
        var failure = await TestPool.FailureOf(pool.Submit<string>(where, [how]));

        Assert.Equal(kind, failure?.Kind);
        if (kind == TaskFailureKind.WorkerLost)
        {
            var death = Assert.Single(failure!.Failure.Deaths);
            Assert.Equal(how == "exit0" ? DeathCause.Exit : DeathCause.Crash, death.Cause);
            Assert.Equal(how switch { "exit0" => "exit code 0", "exit42" => "exit code 42", "segv" => "SIGSEGV", _ => "SIGABRT" }, death.Exit);
            Assert.Contains("running", failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Scenario", "9")]
    public async Task A_worker_killed_from_outside_while_idle_is_replaced_and_nobody_notices()
    {
        var victim = pool.Workers[0];
        TestPool.Kill(victim.Pid);
        await TestPool.Until(() => pool.Workers[0] is { State: SlotState.Ready } now && now.Pid != victim.Pid);

        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(DeathCause.Killed, pool.Workers[0].LastDeath?.Cause);
        Assert.Equal("SIGKILL", pool.Workers[0].LastDeath?.Signal);
    }

    [Fact]
    [Trait("Scenario", "9")]
    [Trait("Scenario", "13")]
    public async Task A_task_that_runs_when_its_worker_is_killed_is_lost_when_it_is_not_idempotent()
    {
        var here = TestPool.NewPath();
        var future = pool.Submit<int>("meet", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here));
        Assert.Equal(TaskState.Running, future.State);
        var attempt = Assert.Single(future.Attempts);
        TestPool.Kill(attempt.Pid);

        var failure = await TestPool.FailureOf(future);

        Assert.Equal(TaskFailureKind.WorkerLost, failure?.Kind);
        var death = Assert.Single(failure!.Failure.Deaths);
        Assert.Equal(attempt.Worker, death.Worker);
        Assert.Equal(attempt.Pid, death.Pid);
        Assert.Equal("SIGKILL", death.Signal);
        Assert.Equal([future.Id], death.RunningTasks);
        Assert.Contains("Idempotent", failure.Message, StringComparison.Ordinal);
        Assert.Same(death, Assert.Single(future.Attempts).Death);
        File.Delete(here);
    }

    [Fact]
    [Trait("Scenario", "13")]
    public async Task A_task_that_runs_when_its_worker_is_killed_is_tried_again_when_it_is_idempotent()
    {
        var marker = TestPool.NewPath();
        var future = pool.Submit<int>("die_if_missing", [marker], new TaskOptions { Idempotent = true });

        var survivor = await future.Task.WaitAsync(TestPool.Patience);

        Assert.Equal(2, future.Attempts.Count);
        Assert.Equal("SIGKILL", future.Attempts[0].Death?.Signal);
        Assert.Equal(survivor, future.Attempts[1].Pid);
        Assert.Equal([AttemptEnd.Lost, AttemptEnd.Succeeded], future.Attempts.Select(a => a.End));
        Assert.Equal(StartVerdict.Running, future.Attempts[0].Failure!.Verdict);
        Assert.True(future.Attempts[0].SentAt < future.Attempts[0].EndedAt && future.Attempts[0].EndedAt <= future.Attempts[1].SentAt && future.Attempts[1].SentAt < future.Attempts[1].EndedAt);
        Assert.NotEqual(future.Attempts[0].Pid, survivor);
        File.Delete(marker);
    }

    [Fact]
    public async Task The_same_id_submitted_again_before_a_death_between_attempts_and_after_the_end_is_run_once_per_attempt()
    {
        var marker = TestPool.NewPath();
        var options = new TaskOptions { Id = "once", Idempotent = true };
        var futures = Enumerable.Range(0, 10).Select(_ => pool.Submit<int>("die_if_missing", [marker], options)).ToList();
        await TestPool.Until(() => futures[0].Attempts.Count == 2, "its first worker died");
        futures.Add(pool.Submit<int>("die_if_missing", [marker], options));
        var survivors = await TaskFuture.WhenAll(futures).WaitAsync(TestPool.Patience);
        var late = pool.Submit<int>("die_if_missing", [marker], options);

        Assert.All(survivors.Append(await late.Task.WaitAsync(TestPool.Patience)), pid => Assert.Equal(futures[0].Attempts[1].Pid, pid));
        Assert.Equal(2, late.Attempts.Count);
        File.Delete(marker);
    }

    [Fact]
    public async Task A_task_that_kills_its_worker_at_every_attempt_says_how_often_it_was_tried()
    {
        var future = pool.Submit("signal", [9], new TaskOptions { Idempotent = true, Attempts = 2 });

        var failure = await TestPool.FailureOf(future);

        Assert.Equal((TaskFailureKind.WorkerLost, 2, 2), (failure?.Kind, failure?.Failure.Deaths.Length, future.Attempts.Count));
        Assert.Contains("it was running; that was attempt 2 of 2 (TaskOptions.Attempts, or WorkerPoolOptions.Attempts).", failure!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("that was attempt", future.Attempts[0].Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "18")]
    public async Task A_hundred_tasks_that_cannot_be_sent_harm_none_of_the_hundred_good_ones_after_them()
    {
        var bad = Enumerable.Range(0, 100).Select(_ => Record.Exception(() => pool.Submit<int>("add", [new Unwritable()]))).ToList();
        var good = Enumerable.Range(0, 100).Select(i => pool.Submit<int>("add", [i, 1])).ToList();

        Assert.All(bad, e => Assert.Equal(TaskFailureKind.BadInput, Assert.IsType<TaskException>(e).Kind));
        Assert.Equal(Enumerable.Range(1, 100), await TaskFuture.WhenAll(good).WaitAsync(TestPool.Patience));
    }

    private sealed class Unwritable
    {
        public int Value => throw new InvalidOperationException("no value for you");
    }
}
