using System.Diagnostics;

namespace WorkerHost.Tests;

/// <summary>A task that heeds no stop shares its worker with tasks that have done nothing.</summary>
public sealed class GivenUpLaneTests
{
    [Fact]
    [Trait("Scenario", "31")]
    public async Task A_worker_takes_nothing_beside_a_lane_that_is_given_up_and_is_killed_when_its_other_tasks_are_done()
    {
        await using var pool = await TestPool.StartAsync(Options());
        var other = await MeetAsync(pool);
        var stubborn = await MeetAsync(pool, "meet_deaf");
        var pid = pool.Workers[0].Pid;
        stubborn.Future.Cancel();

        // Until the grace has passed the third lane is as good as any; after it the worker takes nothing.
        var next = pool.Submit<int>("pid", [], new TaskOptions { Attempts = 1 });
        for (var patience = Stopwatch.StartNew(); pool.QueuedTasks == 0;)
        {
            Assert.True(patience.Elapsed < TestPool.Patience, "the worker goes on taking tasks");
            Assert.Equal(pid, await next.Task.WaitAsync(TestPool.Patience));
            next = pool.Submit<int>("pid", [], new TaskOptions { Attempts = 1 });
        }

        Assert.Equal(TaskState.Pending, next.State);
        Assert.True(TestPool.IsAlive(pid));
        Assert.False(other.Future.IsDone);

        await File.WriteAllTextAsync(other.There, "", TestContext.Current.CancellationToken);
        Assert.Equal(pid, await other.Future.Task.WaitAsync(TestPool.Patience));
        Assert.NotEqual(pid, await next.Task.WaitAsync(TestPool.Patience));
        await stubborn.Future.Settled.WaitAsync(TestPool.Patience);
        Assert.False(TestPool.IsAlive(pid));
        Assert.Equal(DeathCause.Ordered, Assert.Single(stubborn.Future.Attempts).Death?.Cause);
        Assert.Single(next.Attempts);
        Delete(other, stubborn);
    }

    [Fact]
    [Trait("Scenario", "31")]
    public async Task A_pool_that_is_told_so_kills_the_worker_at_once_and_what_ran_beside_the_stubborn_task_is_told_apart()
    {
        await using var pool = await TestPool.StartAsync(Options() with { KillSharedWorkers = true, QuarantineAfter = 1 });
        var lost = await MeetAsync(pool);
        var again = await MeetAsync(pool, options: new TaskOptions { Idempotent = true });
        var stubborn = await MeetAsync(pool, "meet_deaf");
        var first = pool.Workers[0].Pid;

        stubborn.Future.Cancel();

        var failure = await TestPool.FailureOf(lost.Future);
        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Running), (failure?.Kind, failure?.Failure.Verdict));
        Assert.Equal(DeathCause.Ordered, Assert.Single(failure!.Failure.Deaths).Cause);
        Assert.Contains("task meet_deaf did not end within 0.2 s of its cancellation", failure.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(again.There, "", TestContext.Current.CancellationToken);
        Assert.NotEqual(first, await again.Future.Task.WaitAsync(TestPool.Patience));
        Assert.Empty(pool.Quarantined);
        Delete(lost, again, stubborn);
    }

    private static EmbeddedPoolOptions Options() => TestPool.Options() with
    {
        Concurrency = 3,
        CancelGrace = TimeSpan.FromMilliseconds(200),
        TerminateGrace = TimeSpan.FromMilliseconds(200),
    };

    private static async Task<Meeting> MeetAsync(WorkerPool pool, string task = "meet", TaskOptions? options = null)
    {
        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        var meeting = new Meeting(pool.Submit<int>(task, [here, there], options), here, there);
        await TestPool.Until(() => File.Exists(here), "it runs");
        return meeting;
    }

    private static void Delete(params Meeting[] meetings)
    {
        foreach (var meeting in meetings)
        {
            File.Delete(meeting.Here);
            File.Delete(meeting.There);
        }
    }

    private sealed record Meeting(TaskFuture<int> Future, string Here, string There);
}
