namespace WorkerHost.Client.Tests;

public sealed class DispatcherDeadlineTests
{
    [Fact]
    public void A_limit_that_the_worker_notices_first_is_told_with_its_setting()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1.5) });
        rig.Pump(endpoint);

        rig.Fail(entry, new TaskFailure { Kind = TaskFailureKind.DeadlineExceeded, Message = "the time limit of task \"work\" passed while it ran" });

        var told = Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!;
        Assert.Equal("the time limit of task \"work\" passed while it ran; it is 1.5 s (TaskOptions.TimeLimit)", told.Message);
    }

    [Fact]
    [Trait("Scenario", "53")]
    public void A_task_whose_time_limit_passed_in_the_queue_is_never_sent()
    {
        var rig = new DispatcherRig();
        var late = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1) });
        var good = rig.Submit();
        rig.Decided();
        rig.Now = TimeSpan.TicksPerSecond;

        var endpoint = rig.Open();

        Assert.Equal([good], rig.Pump(endpoint));
        var failure = rig.Decided().Single(static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!;
        Assert.Equal((TaskFailureKind.DeadlineExceeded, true), (failure.Kind, failure.NeverStarted));
        Assert.Contains("while waiting", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TaskPhase.Done, late.Phase);
    }

    [Fact]
    public void One_tick_before_its_time_limit_a_task_is_sent()
    {
        var rig = new DispatcherRig();
        var entry = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1) });
        rig.Now = TimeSpan.TicksPerSecond - 1;
        Assert.Equal([entry], rig.Pump(rig.Open()));
    }

    [Fact]
    public void The_longest_time_limit_is_no_limit_and_not_one_that_has_passed()
    {
        var rig = new DispatcherRig(new DispatcherOptions { TicksPerSecond = 1_000_000_000 }) { Now = 1L << 50 };
        var endpoint = rig.Open();
        var entry = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.MaxValue });
        Assert.Equal([entry], rig.Pump(endpoint));
    }

    [Fact]
    public void The_time_limit_counts_all_attempts_together()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1) });
        rig.Pump(endpoint);
        rig.Now = TimeSpan.TicksPerSecond / 2;
        rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true));
        rig.Now = TimeSpan.TicksPerSecond;
        rig.Decided();

        rig.Dispatcher.Resubmit(entry, rig.Now);

        Assert.Equal(TaskFailureKind.DeadlineExceeded, rig.Decided().Single(static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!.Kind);
    }
}
