using System.Diagnostics;

namespace WorkerHost.Tests;

/// <summary>However a task keeps its thread, its process is gone when the graces are over.</summary>
[Collection(nameof(Alone))]
[Trait("Scenario", "32")]
public sealed class StubbornTests : IAsyncLifetime
{
    private const int SigStop = 19;

    // What the promise allows after the last grace.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(250);

    private static readonly EmbeddedPoolOptions Options = TestPool.Options() with
    {
        CancelGrace = TimeSpan.FromMilliseconds(150),
        TerminateGrace = TimeSpan.FromMilliseconds(250),
        ExpiredCancelGrace = TimeSpan.FromMilliseconds(100),
        ExpiredTerminateGrace = TimeSpan.FromMilliseconds(200),
    };

    private WorkerPool pool = null!;

    public async ValueTask InitializeAsync() => pool = await TestPool.StartAsync(Options);

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Theory]
    [InlineData("spin")]
    [InlineData("block", Traits = ["Category", "Slow"])]
    [InlineData("deadlock", Traits = ["Category", "Slow"])]
    [InlineData("hang", Traits = ["Category", "Slow"])]
    [InlineData("stopped")]
    [InlineData("ignoring SIGTERM")]
    public async Task A_cancelled_task_that_heeds_nothing_is_gone_a_quarter_of_a_second_after_the_last_grace(string how)
    {
        var (future, pid) = await RunAsync(how, null);
        var asked = Stopwatch.GetTimestamp();

        future.Cancel();
        await TestPool.Until(() => !TestPool.IsAlive(pid), "the process is gone");

        await WasKilledIn(Stopwatch.GetElapsedTime(asked), Options.CancelGrace + Options.TerminateGrace, future);
    }

    [Theory]
    [InlineData("spin", Traits = ["Category", "Slow"])]
    [InlineData("stopped")]
    [InlineData("ignoring SIGTERM", Traits = ["Category", "Slow"])]
    public async Task A_task_past_its_time_limit_that_heeds_nothing_is_gone_a_quarter_of_a_second_after_the_last_grace(string how)
    {
        var limit = TimeSpan.FromSeconds(1.5);
        var (future, pid) = await RunAsync(how, limit);
        await Assert.ThrowsAsync<TaskException>(() => future.Completion.WaitAsync(TestPool.Patience));
        var asked = Stopwatch.GetTimestamp();

        await TestPool.Until(() => !TestPool.IsAlive(pid), "the process is gone");

        await WasKilledIn(Stopwatch.GetElapsedTime(asked), Options.ExpiredCancelGrace + Options.ExpiredTerminateGrace, future);
    }

    private async Task<(TaskFuture Future, int Pid)> RunAsync(string how, TimeSpan? limit)
    {
        if (how == "ignoring SIGTERM")
        {
            await pool.Submit("ignore_sigterm").Completion.WaitAsync(TestPool.Patience);
        }

        var here = TestPool.NewPath();
        var pid = pool.Workers[0].Pid;
        var future = pool.Submit("deaf", [here, how is "spin" or "block" or "deadlock" or "hang" ? how : "block"], new TaskOptions { TimeLimit = limit });
        await TestPool.Until(() => File.Exists(here), "it runs");
        File.Delete(here);
        if (how == "stopped")
        {
            TestPool.Kill(pid, SigStop);
        }

        return (future, pid);
    }

    private async Task WasKilledIn(TimeSpan taken, TimeSpan graces, TaskFuture future)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"gone after {taken.TotalMilliseconds:0} ms; the graces are {graces.TotalMilliseconds:0} ms");
        await future.Settled.WaitAsync(TestPool.Patience);
        var death = Assert.Single(future.Attempts).Death!;
        Assert.Equal((DeathCause.Ordered, "SIGKILL"), (death.Cause, death.Signal));
        Assert.InRange(taken, graces - TimeSpan.FromMilliseconds(10), graces + Slack);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }
}
