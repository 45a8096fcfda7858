using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Client.Tests;

/// <summary>Retries are a share of the work: failing tasks do not multiply it.</summary>
public sealed class RetryBudgetTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void It_begins_full_and_each_retry_takes_one()
    {
        var budget = new RetryBudget(new RetryBudgetOptions { Burst = 3, PerSecond = 0 }, time.GetTimestamp());
        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => budget.TryTake(time, 0)));
    }

    [Fact]
    public void Tasks_and_time_fill_it_up_to_what_may_be_saved()
    {
        var budget = new RetryBudget(new RetryBudgetOptions { Burst = 2, PerTask = 0.5, PerSecond = 0.25 }, time.GetTimestamp());
        Assert.True(budget.TryTake(time, 0));
        Assert.True(budget.TryTake(time, 0));
        Assert.False(budget.TryTake(time, 1));
        Assert.True(budget.TryTake(time, 2));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(budget.TryTake(time, 2));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(budget.TryTake(time, 2));
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => budget.TryTake(time, 1_000_000)));
    }

    [Fact]
    public async Task A_task_that_finds_none_left_ends_with_its_failure_and_the_reason()
    {
        await using var rig = new LoopRig(retry: new RetryOptions { MinDelay = TimeSpan.Zero, Budget = new RetryBudgetOptions { Burst = 2, PerTask = 0, PerSecond = 0 } }, attempts: 10);
        var worker = rig.Connect(answer: static _ => AttemptOutcome.Failed(DispatcherRig.HandlerThrew(retryable: true)));
        var failure = await Assert.ThrowsAsync<TaskException>(() => rig.Submit().Soon());
        Assert.Equal(3, worker.Count);
        Assert.Equal(
            "it threw; it is not tried again because the pool's retries are spent (RetryOptions.Budget: 0 for each task, 0 for each second, at most 2 saved up)",
            failure.Message);
        await Assert.ThrowsAsync<TaskException>(() => rig.Submit().Soon());
        Assert.Equal(4, worker.Count);
    }

    [Fact]
    public async Task Without_one_attempts_are_the_only_limit()
    {
        await using var rig = new LoopRig(retry: new RetryOptions { MinDelay = TimeSpan.Zero, Budget = null }, attempts: 200);
        var worker = rig.Connect(answer: static _ => AttemptOutcome.Failed(DispatcherRig.HandlerThrew(retryable: true)));
        await Assert.ThrowsAsync<TaskException>(() => rig.Submit().Soon());
        Assert.Equal(200, worker.Count);
    }

    [Fact]
    public async Task What_never_started_is_sent_again_without_taking_any()
    {
        await using var rig = new LoopRig(retry: new RetryOptions { Budget = new RetryBudgetOptions { Burst = 1, PerTask = 0, PerSecond = 0 } });
        var future = rig.Submit();
        for (var incarnation = 1; incarnation <= 5; incarnation++)
        {
            var worker = rig.Connect(incarnation: incarnation);
            await worker.NextAsync();
            worker.Die(started: 0);
        }

        var last = rig.Connect(incarnation: 6);
        last.Succeed((await last.NextAsync()).Sequence, "7");
        Assert.Equal(7, await future.Soon());
    }
}
