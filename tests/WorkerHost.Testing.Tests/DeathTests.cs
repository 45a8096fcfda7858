using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Testing.Tests;

/// <summary>Scripted deaths, and what the real pool makes of them.</summary>
public sealed class DeathTests
{
    private static readonly TaskOptions Again = new() { Idempotent = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_that_was_not_begun_runs_on_another_worker_idempotent_or_not()
    {
        await using var test = await TestPool.StartAsync(Program, cancellationToken: Token);
        test.CrashOn("add", moment: CrashMoment.BeforeStart);

        var future = test.Pool.Submit<int>("add", [1, 2]);

        Assert.Equal(3, await future);
        Assert.Single(test.Deaths);
        Assert.Equal("default/0#2", Assert.Single(future.Attempts).Worker.ToString());
    }

    [Fact]
    public async Task A_task_that_was_running_is_lost_or_tried_again_if_it_is_idempotent()
    {
        await using var test = await TestPool.StartAsync(Program, cancellationToken: Token);
        test.CrashOn("add", times: 2, death: TestDeath.Exit(42) with { LastOutput = ["out of luck"] });

        var lost = await Assert.ThrowsAsync<TaskException>(async () => await test.Pool.Submit<int>("add", [1, 2]));

        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Running, false), (lost.Kind, lost.Failure.Verdict, lost.Failure.RanToCompletion));
        var death = Assert.Single(lost.Failure.Deaths);
        Assert.Same(test.Deaths[0], death);
        Assert.Equal((42, DeathCause.Crash, true, 10_001), (death.ExitCode, death.Cause, death.IsOfItsOwnMaking, death.Pid));
        Assert.Equal(["out of luck"], death.LastOutput);
        Assert.Equal([lost.TaskId], death.RunningTasks);
        Assert.Equal("restart at once", death.Next);

        var retried = test.Pool.Submit<int>("add", [1, 2], Again);
        Assert.Equal(3, await retried);
        Assert.Equal([AttemptEnd.Lost, AttemptEnd.Succeeded], retried.Attempts.Select(static a => a.End));
    }

    [Fact]
    public async Task A_task_that_ran_to_completion_and_whose_result_was_lost_says_so()
    {
        var ran = 0;
        await using var test = await TestPool.StartAsync(worker => worker.MapTask("count", () => Interlocked.Increment(ref ran)), cancellationToken: Token);
        test.CrashOn("count", moment: CrashMoment.AfterCompletion, death: TestDeath.KilledFromOutside);

        var lost = await Assert.ThrowsAsync<TaskException>(async () => await test.Pool.Submit<int>("count"));

        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Finished, true), (lost.Kind, lost.Failure.Verdict, lost.Failure.RanToCompletion));
        Assert.Equal((DeathCause.Killed, "SIGKILL", 1L), (test.Deaths[0].Cause, test.Deaths[0].Signal, test.Deaths[0].TasksFinished));
        Assert.Equal(1, ran);
        Assert.Equal(2, await test.Pool.Submit<int>("count"));
    }

    [Fact]
    public async Task A_poison_task_is_quarantined_after_two_deaths_of_its_own_making_and_kills_from_outside_do_not_count()
    {
        await using var test = await TestPool.StartAsync(Program, cancellationToken: Token);
        test.CrashOn("add", times: int.MaxValue);

        var guilty = await Assert.ThrowsAsync<TaskException>(async () => await test.Pool.Submit<int>("add", [1, 2], Again with { Id = "poison" }));

        Assert.Equal(TaskFailureKind.Quarantined, guilty.Kind);
        Assert.Equal(test.Deaths, guilty.Failure.Deaths);
        Assert.Equal(["poison"], test.Pool.Quarantined.Select(static q => q.Id));

        test.CrashOn("nothing", times: 2, death: TestDeath.KilledFromOutside);
        var innocent = test.Pool.Submit("nothing", [], Again);
        await innocent;
        Assert.Equal(3, innocent.Attempts.Count);
    }

    [Fact]
    public async Task A_death_takes_only_what_ran_there_and_what_waited_behind_it_runs_elsewhere()
    {
        using var go = new ManualResetEventSlim();
        await using var test = await TestPool.StartAsync(
            worker =>
            {
                worker.MapTask("wait", (CancellationToken token) => go.Wait(token));
                Program(worker);
            },
            new TestPoolOptions { Workers = 2, Name = "tests" },
            Token);
        var first = test.Pool.Submit("wait");
        var second = test.Pool.Submit("wait");
        await test.UntilRunningAsync("wait", count: 2, Token);
        var others = Enumerable.Range(0, 20).Select(i => test.Pool.Submit<int>("add", [i, 1])).ToList();

        var report = test.Workers[0].Crash();
        go.Set();

        Assert.Equal(Enumerable.Range(1, 20), await TaskFuture.WhenAll(others));
        var lost = new[] { first, second }.Select(static f => f).ToList();
        await Task.WhenAny(Task.WhenAll(lost.Select(static f => f.Settled)), Task.Delay(Timeout.Infinite, Token));
        var failed = Assert.Single(lost, static f => f.Failure is not null);
        Assert.Same(report, failed.Failure!.Deaths[0]);
        Assert.Equal(TaskState.Succeeded, Assert.Single(lost, f => f != failed).State);
    }

    [Fact]
    public async Task The_second_task_of_a_name_crashes_its_worker_and_no_other()
    {
        await using var test = await TestPool.StartAsync(Program, cancellationToken: Token);
        test.CrashOn("add", nth: 2);

        Assert.Equal(3, await test.Pool.Submit<int>("add", [1, 2]));
        await Assert.ThrowsAsync<TaskException>(async () => await test.Pool.Submit<int>("add", [1, 2]));
        Assert.Equal(3, await test.Pool.Submit<int>("add", [1, 2]));
        Assert.Single(test.Deaths);
    }

    [Fact]
    public async Task A_clock_that_runs_far_ahead_does_not_disturb_workers_that_come_back()
    {
        var clock = new FakeTimeProvider();
        await using var test = await TestPool.StartAsync(Program, new TestPoolOptions { TimeProvider = clock, RestartAfter = TimeSpan.FromMinutes(1) }, Token);
        for (var i = 0; i < 20; i++)
        {
            test.CrashOn("add");
            var future = test.Pool.Submit<int>("add", [1, 2], Again);
            while (!future.IsDone)
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                await Task.Yield();
            }

            Assert.Equal(3, await future);
        }

        Assert.All(test.Deaths, static death => Assert.Equal(DeathCause.Crash, death.Cause));
    }

    [Fact]
    public async Task A_stream_whose_worker_dies_midway_gives_the_items_so_far_and_then_the_death()
    {
        await using var test = await TestPool.StartAsync(static worker => worker.MapTask("count", Count), cancellationToken: Token);
        var stream = test.Pool.Stream<int>("count", [], Again);
        var items = new List<int>();

        var lost = await Assert.ThrowsAsync<TaskException>(async () =>
        {
            await foreach (var item in stream)
            {
                items.Add(item);
                if (items.Count == 3)
                {
                    test.Workers[0].Crash();
                }
            }
        });

        Assert.Equal([1, 2, 3], items);
        Assert.Equal(TaskFailureKind.WorkerLost, lost.Kind);
        Assert.Same(test.Deaths[0], lost.Failure.Deaths[0]);
    }

    [Fact]
    public async Task A_worker_that_hangs_is_killed_for_it_and_what_it_had_begun_is_tried_again()
    {
        var clock = new FakeTimeProvider();
        await using var test = await TestPool.StartAsync(Program, new TestPoolOptions { TimeProvider = clock, Retry = new RetryOptions { MinDelay = TimeSpan.Zero } }, Token);
        test.Workers[0].Hang();
        var future = test.Pool.Submit<int>("add", [1, 2], Again);

        clock.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.Empty(test.Deaths);
        clock.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(3, await future);
        Assert.Equal((DeathCause.Hang, true), (test.Deaths[0].Cause, test.Deaths[0].IsOfItsOwnMaking));
        Assert.Contains("no sign of life for 10 s", test.Deaths[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_heeds_no_stop_has_its_worker_killed_after_the_graces_and_its_late_result_is_nobodys()
    {
        using var release = new ManualResetEventSlim();
        using var returned = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        await using var test = await TestPool.StartAsync(
            worker =>
            {
                worker.MapTask("deaf", () =>
                {
                    release.Wait(CancellationToken.None);
                    returned.Set();
                });
                Program(worker);
            },
            new TestPoolOptions { TimeProvider = clock },
            Token);
        var deaf = test.Pool.Submit("deaf");
        await test.UntilRunningAsync("deaf", cancellationToken: Token);

        deaf.Cancel();
        Assert.Equal(TaskState.Cancelled, deaf.State);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(deaf.Settled.IsCompleted);
        await Eventually.IsTrue(() => test.Workers[0].State == SlotState.Draining);
        clock.Advance(TimeSpan.FromSeconds(5));

        await deaf.Settled.WaitAsync(Token);
        Assert.Equal((DeathCause.Ordered, "SIGKILL", false), (test.Deaths[0].Cause, test.Deaths[0].Signal, test.Deaths[0].IsOfItsOwnMaking));
        Assert.Equal(3, await test.Pool.Submit<int>("add", [1, 2]));
        release.Set();
        Assert.True(returned.Wait(Eventually.Patience, Token));
    }

    [Fact]
    public async Task A_worker_is_restarted_after_the_pause_or_by_hand()
    {
        var clock = new FakeTimeProvider();
        await using (var test = await TestPool.StartAsync(Program, new TestPoolOptions { TimeProvider = clock, RestartAfter = TimeSpan.FromSeconds(1.6) }, Token))
        {
            Assert.Equal("restart in 1.6 s", test.Workers[0].Crash(TestDeath.OutOfMemory).Next);
            var waiting = test.Pool.Submit<int>("add", [1, 2]);
            Assert.Equal((SlotState.BackingOff, DeathCause.OutOfMemory), (test.Workers[0].State, test.Workers[0].LastDeath!.Cause));
            clock.Advance(TimeSpan.FromSeconds(1.6));
            Assert.Equal(3, await waiting);
        }

        await using (var test = await TestPool.StartAsync(Program, new TestPoolOptions { TimeProvider = clock, RestartAfter = null }, Token))
        {
            test.Workers[0].Crash();
            clock.Advance(TimeSpan.FromDays(1));
            Assert.Equal(SlotState.Empty, test.Workers[0].State);
            Assert.Contains("it is Empty", Assert.Throws<InvalidOperationException>(() => test.Workers[0].Crash()).Message, StringComparison.Ordinal);
            var waiting = test.Pool.Submit<int>("add", [1, 2]);
            await test.Workers[0].RestartAsync();
            Assert.Equal(3, await waiting);
            Assert.Equal("default/0#2", test.Workers[0].Id.ToString());
        }
    }

    private static async IAsyncEnumerable<int> Count([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
    {
        for (var i = 1; i <= 3; i++)
        {
            yield return i;
        }

        await Task.Delay(Timeout.Infinite, token);
    }

    private static void Program(WorkerApplication worker)
    {
        worker.MapTask("add", static (int a, int b) => a + b);
        worker.MapTask("nothing", static () => { });
    }
}
