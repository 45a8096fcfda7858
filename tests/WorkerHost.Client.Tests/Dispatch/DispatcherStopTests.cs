namespace WorkerHost.Client.Tests;

/// <summary>Stopping tasks that run: who is told when, and whose process has to go.</summary>
public sealed class DispatcherStopTests
{
    private static readonly DispatcherOptions Graces = new()
    {
        CancelGrace = TimeSpan.FromSeconds(2),
        TerminateGrace = TimeSpan.FromSeconds(5),
        ExpiredCancelGrace = TimeSpan.FromSeconds(0.5),
        ExpiredTerminateGrace = TimeSpan.FromSeconds(1),
    };

    [Theory]
    [InlineData(false, 2, 5)]
    [InlineData(true, 0.5, 1)]
    public void A_task_that_does_not_heed_its_stop_loses_its_process_after_the_graces(bool expired, double cancelGrace, double terminateGrace)
    {
        var rig = new DispatcherRig(Graces);
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        if (expired)
        {
            rig.Dispatcher.Expired(entry, rig.Now);
        }
        else
        {
            rig.Dispatcher.Cancel(entry, rig.Now);
        }

        var timer = Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.StopTimer);
        Assert.Equal(TimeSpan.FromSeconds(cancelGrace), timer.Delay);
        Assert.Equal([entry.Sequence], rig.PumpFrames(endpoint).Cancels);
        rig.Dispatcher.StopOverdue(entry, endpoint, timer.Sequence);
        var kill = Assert.Single(rig.Decided());
        Assert.Equal((DispatchActionKind.Kill, endpoint, TimeSpan.FromSeconds(terminateGrace)), (kill.Kind, kill.Endpoint, kill.Delay));
        Assert.Contains(expired ? "within 0.5 s of its time limit" : "within 2 s of its cancellation", kill.Reason, StringComparison.Ordinal);
        Assert.False(endpoint.Open);
    }

    [Fact]
    public void A_task_that_heeds_its_stop_settles_and_its_worker_lives()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(entry, rig.Now);
        rig.Decided();

        rig.Fail(entry, new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "it heeded" });
        Assert.Equal("Settle", rig.Told());
        rig.Dispatcher.StopOverdue(entry, endpoint, entry.Sequence);

        Assert.Equal("", rig.Told());
        Assert.True(endpoint.Open);
        Assert.Equal(TaskPhase.Sent, rig.Submit().Phase);
    }

    [Fact]
    [Trait("Scenario", "35")]
    public void A_result_that_comes_after_the_cancellation_is_dropped_and_counted()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(entry, rig.Now);
        rig.Decided();

        rig.Succeed(entry);

        Assert.Equal("Settle", rig.Told());
        Assert.Equal(1, rig.Dispatcher.LateOutcomes);
    }

    [Fact]
    public void A_worker_with_other_tasks_is_killed_only_when_they_are_done()
    {
        var rig = new DispatcherRig(Graces);
        var endpoint = rig.Open(concurrency: 3);
        var tasks = Enumerable.Range(0, 3).Select(_ => rig.Submit()).ToList();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(tasks[1], rig.Now);
        rig.Decided();

        rig.Dispatcher.StopOverdue(tasks[1], endpoint, tasks[1].Sequence);
        Assert.Equal("", rig.Told());
        Assert.False(endpoint.TakesTasks);
        Assert.Equal(TaskPhase.Queued, rig.Submit().Phase);
        rig.Succeed(tasks[0]);
        Assert.DoesNotContain(rig.Decided(), static a => a.Kind == DispatchActionKind.Kill);
        rig.Succeed(tasks[2]);

        Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Kill);
    }

    [Fact]
    public void A_worker_with_other_tasks_is_killed_at_once_if_the_pool_is_told_so()
    {
        var rig = new DispatcherRig(Graces with { KillSharedWorkers = true });
        var endpoint = rig.Open(concurrency: 3);
        var tasks = Enumerable.Range(0, 2).Select(_ => rig.Submit()).ToList();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(tasks[1], rig.Now);
        rig.Decided();

        rig.Dispatcher.StopOverdue(tasks[1], endpoint, tasks[1].Sequence);
        rig.Succeed(tasks[0]);

        Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Kill);
    }

    [Fact]
    public void A_worker_is_killed_when_the_last_task_beside_its_overdue_one_is_cancelled_unwritten()
    {
        var rig = new DispatcherRig(Graces);
        var endpoint = rig.Open(concurrency: 2);
        var stubborn = rig.Submit();
        rig.Pump(endpoint);
        var unwritten = rig.Submit();
        rig.Dispatcher.Cancel(stubborn, rig.Now);
        rig.Dispatcher.StopOverdue(stubborn, endpoint, stubborn.Sequence);
        Assert.DoesNotContain(rig.Decided(), static a => a.Kind == DispatchActionKind.Kill);

        rig.Dispatcher.Cancel(unwritten, rig.Now);

        Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Kill);
    }

    [Fact]
    public void A_worker_whose_stubborn_task_ends_by_itself_while_others_run_is_used_again()
    {
        var rig = new DispatcherRig(Graces);
        var endpoint = rig.Open(concurrency: 2);
        var stubborn = rig.Submit();
        rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(stubborn, rig.Now);
        rig.Dispatcher.StopOverdue(stubborn, endpoint, stubborn.Sequence);
        var waiting = rig.Submit();
        Assert.Equal(TaskPhase.Queued, waiting.Phase);
        rig.Decided();

        rig.Succeed(stubborn);

        Assert.DoesNotContain(rig.Decided(), static a => a.Kind == DispatchActionKind.Kill);
        Assert.Equal((TaskPhase.Sent, endpoint), (waiting.Phase, waiting.Endpoint));
    }

    [Fact]
    public void A_worker_whose_tasks_are_all_overdue_is_killed_once()
    {
        var rig = new DispatcherRig(Graces);
        var endpoint = rig.Open(concurrency: 2);
        var tasks = new[] { rig.Submit(), rig.Submit() };
        rig.Pump(endpoint);
        foreach (var task in tasks)
        {
            rig.Dispatcher.Cancel(task, rig.Now);
        }

        rig.Decided();
        foreach (var task in tasks)
        {
            rig.Dispatcher.StopOverdue(task, endpoint, task.Sequence);
            rig.Dispatcher.StopOverdue(task, endpoint, task.Sequence);
        }

        Assert.Equal("Kill", rig.Told());
        Assert.Equal(2, endpoint.Overdue);
    }

    [Fact]
    public void A_worker_that_cannot_be_killed_keeps_its_other_lanes()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2, supervised: false);
        var stuck = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(stuck, rig.Now);
        rig.Decided();

        rig.Dispatcher.StopOverdue(stuck, endpoint, stuck.Sequence);

        Assert.Equal("", rig.Told());
        Assert.Equal(TaskPhase.Sent, rig.Submit().Phase);
        Assert.Equal(TaskPhase.Queued, rig.Submit().Phase);
    }

    [Fact]
    public void A_stopped_attempt_ends_as_the_task_when_it_succeeds_all_the_same()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.StopAttempt(entry, rig.Now);
        rig.Decided();
        rig.Succeed(entry);
        Assert.Equal("Complete(ok) Settle", rig.Told());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void A_stopped_attempt_that_had_started_may_be_tried_again_only_if_idempotent(bool idempotent, bool granted)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: new TaskOptions { Idempotent = idempotent });
        rig.Pump(endpoint);
        rig.Dispatcher.StopAttempt(entry, rig.Now);
        rig.Fail(entry, new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "it heeded" });

        Assert.Equal(TaskPhase.Retrying, entry.Phase);
        Assert.Equal(granted, rig.Dispatcher.Resubmit(entry, rig.Now));
    }

    [Fact]
    public void No_more_attempts_are_granted_than_the_task_has()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(attempts: 2);
        rig.Pump(endpoint);
        rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true));
        Assert.True(rig.Dispatcher.Resubmit(entry, rig.Now));
        rig.Pump(endpoint);
        rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true));
        Assert.False(rig.Dispatcher.Resubmit(entry, rig.Now));
        Assert.Equal(2, entry.Attempt);
    }

    [Fact]
    public void A_cancelled_attempt_that_never_left_is_told_as_never_started()
    {
        var rig = new DispatcherRig();
        rig.Open();
        var entry = rig.Submit();
        rig.Decided();
        rig.Dispatcher.Cancel(entry, rig.Now);
        Assert.True(rig.Decided().Single(static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!.NeverStarted);
    }

    [Fact]
    public void An_attempt_that_waits_is_not_recorded_at_the_worker_of_the_attempt_before()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true));
        rig.Dispatcher.EndpointDraining(endpoint);
        rig.Dispatcher.Resubmit(entry, rig.Now);

        rig.Dispatcher.StopAttempt(entry, rig.Now);

        Assert.Equal([1], entry.PastAttempts.Select(static a => a.Number));
    }

    [Fact]
    [Trait("Scenario", "36")]
    public void Cancelling_ten_thousand_queued_tasks_leaves_the_running_ones_alone()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 4);
        var running = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        var queued = Enumerable.Range(0, 10_000).Select(_ => rig.Submit()).ToList();
        var last = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        Assert.All(queued, e => Assert.True(rig.Dispatcher.Cancel(e, rig.Now)));

        Assert.Equal(10_000, rig.Decided().Count(static a => a.Kind == DispatchActionKind.Complete && a.Outcome.Failure!.Kind == TaskFailureKind.Cancelled));
        Assert.Equal(1, rig.Dispatcher.Queued);
        Assert.All(running, static e => Assert.Equal((TaskPhase.Sent, StopReason.None), (e.Phase, e.Stop)));
        Assert.Empty(rig.PumpFrames(endpoint).Cancels);
        rig.Succeed(running[0]);
        Assert.Equal(TaskPhase.Sent, last.Phase);
    }

    [Fact]
    public void Stopping_everything_also_ends_what_waits_for_another_attempt()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var retrying = rig.Submit();
        rig.Pump(endpoint);
        rig.Fail(retrying, DispatcherRig.HandlerThrew(retryable: true));
        var held = rig.Make();
        rig.Dispatcher.Submit(held, rig.Now, hold: true);
        rig.Decided();

        rig.Dispatcher.BeginStop();
        rig.Dispatcher.CancelAll(rig.Now);

        Assert.Equal(0, rig.Dispatcher.Unsettled);
        Assert.Equal(2, rig.Decided().Count(static a => a.Kind == DispatchActionKind.Complete));
        Assert.False(rig.Dispatcher.Resubmit(retrying, rig.Now));
        Assert.False(rig.Dispatcher.Resubmit(held, rig.Now));
    }
}
