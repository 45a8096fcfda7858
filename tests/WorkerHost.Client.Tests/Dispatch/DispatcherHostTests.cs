namespace WorkerHost.Client.Tests;

/// <summary>What becomes of the tasks of a host whose session breaks.</summary>
public sealed class DispatcherHostTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Fact]
    public void What_was_written_waits_for_its_host_and_is_written_first_over_its_next_session()
    {
        var rig = new DispatcherRig { Now = 1 };
        var before = rig.OpenHost();
        var one = rig.Submit();
        var two = rig.Submit(options: Idempotent);
        rig.Pump(before);
        rig.Decided();

        rig.End(before);

        Assert.Equal("LimboTimer", rig.Told());
        Assert.Equal((TaskPhase.Sent, TaskPhase.Sent), (one.Phase, two.Phase));
        var waiting = rig.Submit();
        var opened = rig.OpenHost();
        Assert.Contains("Attached", rig.Told(), StringComparison.Ordinal);
        Assert.Equal([one, two, waiting], rig.Pump(opened));
        Assert.Equal((1, 1), (one.Attempt, two.Attempt));
        Assert.Equal([1UL, 2, 3], new[] { one.Sequence, two.Sequence, waiting.Sequence });
        rig.Succeed(one);
        rig.Succeed(two);
        Assert.Equal("Complete(ok) Settle Complete(ok) Settle", rig.Told());
        Assert.Equal([opened], rig.Dispatcher.Endpoints);
        Assert.Single(rig.Dispatcher.HistoryOf(one));
    }

    [Fact]
    public void What_was_not_written_goes_to_another_host_at_once()
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var entry = rig.Submit();
        var other = rig.OpenHost(slot: 1);

        rig.End(before);

        Assert.Equal([entry], rig.Pump(other));
        Assert.DoesNotContain(before, rig.Dispatcher.Endpoints);
    }

    [Fact]
    public void What_a_host_had_not_read_when_it_ended_the_session_in_good_order_never_ran_and_is_submitted_anew()
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var once = rig.Submit();
        rig.Pump(before);
        rig.Dispatcher.EndpointDraining(before);
        before.EndedInOrder = true;

        rig.End(before);

        Assert.Equal((TaskPhase.Queued, false), (once.Phase, once.Carried));
        Assert.DoesNotContain(before, rig.Dispatcher.Endpoints);
        Assert.Equal([once], rig.Pump(rig.OpenHost()));
        Assert.Equal((1, false, false), (once.Attempt, once.Carried, once.MayHaveRun));
    }

    [Fact]
    public void What_an_earlier_session_had_may_have_run_however_this_one_ended()
    {
        var rig = new DispatcherRig { Now = 1 };
        var first = rig.OpenHost();
        var once = rig.Submit();
        rig.Pump(first);
        rig.End(first);
        var second = rig.OpenHost();
        second.EndedInOrder = true;

        rig.End(second);

        Assert.True(second.InLimbo);
        Assert.True(once.Carried);
        Assert.Equal([once], rig.Pump(rig.OpenHost()));
    }

    [Theory]
    [InlineData("second")]
    [InlineData(null)]
    public void At_another_instance_only_what_is_idempotent_is_tried_again(string? instance)
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var once = rig.Submit();
        var again = rig.Submit(options: Idempotent);
        rig.Pump(before);
        rig.End(before);
        rig.Decided();

        var opened = instance is null ? rig.Open(incarnation: 0, supervised: false, concurrency: 4) : rig.OpenHost(instance);

        var decided = rig.Decided();
        Assert.Equal("HostLost AttemptFailed(WorkerLost) Complete(WorkerLost) Settle", DispatcherRig.Tell(decided));
        var failure = once.LastFailure!;
        Assert.Equal((StartVerdict.Unknown, false), (failure.Verdict, failure.NeverStarted));
        Assert.Contains("the host was restarted", failure.Message, StringComparison.Ordinal);
        Assert.Contains(instance is null ? "it was instance first" : "it is instance second now, and was first", failure.Message, StringComparison.Ordinal);
        Assert.Contains("TaskOptions.Idempotent is false", failure.Message, StringComparison.Ordinal);
        Assert.True(rig.Dispatcher.Resubmit(again, rig.Now));
        Assert.Equal([again], rig.Pump(opened));
        Assert.Equal((2, false), (again.Attempt, again.Carried));
    }

    [Fact]
    public void What_is_idempotent_has_only_so_many_attempts_at_hosts_that_are_lost()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost("1");
        var entry = rig.Submit(options: Idempotent, attempts: 2);
        rig.Pump(host);
        rig.End(host);
        host = rig.OpenHost("2");
        Assert.True(rig.Dispatcher.Resubmit(entry, rig.Now));
        rig.Pump(host);
        rig.End(host);
        rig.OpenHost("3");

        Assert.False(rig.Dispatcher.Resubmit(entry, rig.Now));
        Assert.Contains("that was attempt 2 of 2", entry.LastFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_does_not_come_back_in_time_is_not_waited_for()
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost(keepsForSeconds: 12);
        var once = rig.Submit();
        var again = rig.Submit(options: Idempotent);
        rig.Pump(before);
        rig.Decided();
        rig.End(before);
        Assert.Equal(TimeSpan.FromSeconds(12), Assert.Single(rig.Decided()).Delay);

        rig.Pass(TimeSpan.FromSeconds(12));
        rig.Dispatcher.LimboOverdue(before, rig.Now);

        Assert.Equal("HostLost AttemptFailed(WorkerLost) Complete(WorkerLost) Settle", rig.Told());
        Assert.Contains("within the 12 s for which it keeps tasks", once.LastFailure!.Message, StringComparison.Ordinal);
        Assert.True(rig.Dispatcher.Resubmit(again, rig.Now));
        Assert.Equal([again], rig.Pump(rig.OpenHost(slot: 1)));
        rig.Decided();

        rig.Dispatcher.LimboOverdue(before, rig.Now);
        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void The_time_of_a_host_that_was_there_again_no_longer_counts()
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var entry = rig.Submit();
        rig.Pump(before);
        rig.End(before);
        var opened = rig.OpenHost();
        rig.Decided();

        rig.Dispatcher.LimboOverdue(before, rig.Now);

        Assert.Equal("", rig.Told());
        Assert.Equal([entry], rig.Pump(opened));
    }

    [Fact]
    public void A_session_that_breaks_before_everything_was_written_again_keeps_the_time_of_the_first_break()
    {
        var rig = new DispatcherRig();
        var first = rig.OpenHost(keepsForSeconds: 10);
        var entry = rig.Submit();
        rig.Pump(first);
        rig.End(first);
        rig.Pass(TimeSpan.FromSeconds(4));
        var second = rig.OpenHost(keepsForSeconds: 10);
        rig.Decided();

        rig.End(second);

        Assert.Equal(TimeSpan.FromSeconds(6), Assert.Single(rig.Decided()).Delay);
        Assert.Equal(TaskPhase.Sent, entry.Phase);
        var third = rig.OpenHost(keepsForSeconds: 10);
        Assert.Equal([entry], rig.Pump(third));
        rig.Decided();
        rig.End(third);
        Assert.Equal(TimeSpan.FromSeconds(10), Assert.Single(rig.Decided()).Delay);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_task_stopped_in_limbo_ends_at_once_and_its_host_hears_of_it_when_it_is_there_again(bool cancelled)
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var entry = rig.Submit();
        rig.Pump(before);
        rig.End(before);
        rig.Decided();

        if (cancelled)
        {
            Assert.True(rig.Dispatcher.Cancel(entry, rig.Now));
        }
        else
        {
            rig.Dispatcher.Expired(entry, rig.Now);
        }

        Assert.Equal(cancelled ? "Complete(Cancelled)" : "Complete(DeadlineExceeded)", rig.Told());
        var opened = rig.OpenHost();
        var (tasks, cancels, _) = rig.PumpFrames(opened);
        Assert.Equal([entry], tasks);
        Assert.Equal([entry.Sequence], cancels);
        rig.Decided();
        rig.Answer(opened, entry.Sequence, AttemptOutcome.Success(new byte[1], ContentType.Json), 10);
        Assert.Equal("Settle", rig.Told());
        Assert.Equal(1, rig.Dispatcher.LateOutcomes);
    }

    [Fact]
    public void A_task_cancelled_before_it_was_written_again_ends_at_once_and_is_written_with_its_cancellation()
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var entry = rig.Submit(bytes: 400_000);
        rig.Pump(before);
        rig.End(before);
        var opened = rig.OpenHost();
        rig.Decided();

        Assert.True(rig.Dispatcher.Cancel(entry, rig.Now));

        Assert.Equal("Complete(Cancelled)", rig.Told());
        Assert.False(entry.LastFailure?.NeverStarted ?? false);
        var (tasks, cancels, _) = rig.PumpFrames(opened);
        Assert.Equal([entry], tasks);
        Assert.Equal([entry.Sequence], cancels);
    }

    [Fact]
    public void A_task_stopped_in_limbo_is_over_when_its_host_is_lost()
    {
        var rig = new DispatcherRig();
        var before = rig.OpenHost();
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(before);
        rig.End(before);
        rig.Dispatcher.Cancel(entry, rig.Now);
        rig.Decided();

        rig.OpenHost("second");

        Assert.Equal("HostLost Settle", rig.Told());
    }

    [Theory]
    [InlineData(TaskFailureKind.TaskFailed)]
    [InlineData(TaskFailureKind.WorkerLost)]
    [InlineData(TaskFailureKind.NoWorkers)]
    public void A_failure_of_a_host_is_final_whatever_it_says_of_another_try(TaskFailureKind kind)
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Submit(options: Idempotent, attempts: 5);
        rig.Pump(host);
        rig.Decided();

        rig.Fail(entry, new TaskFailure { Kind = kind, Message = "no", Retryable = true });

        Assert.Equal($"Complete({kind}) Settle", rig.Told());
    }

    [Fact]
    public void What_a_host_refuses_unstarted_goes_to_another_or_waits_as_long_as_it_says()
    {
        var rig = new DispatcherRig();
        var full = rig.OpenHost(slot: 0);
        var entry = rig.Submit();
        rig.Pump(full);
        var other = rig.OpenHost(slot: 1);
        rig.Decided();

        rig.Fail(entry, DispatcherRig.Leaving() with { RetryAfter = TimeSpan.FromSeconds(3) });

        Assert.Equal([entry], rig.Pump(other));
        Assert.Equal((1, TimeSpan.FromSeconds(3)), (entry.Attempt, rig.Decided().Single(static a => a.Kind == DispatchActionKind.RestTimer).Delay));

        rig.Fail(entry, DispatcherRig.Leaving());
        Assert.Equal(TaskPhase.Queued, entry.Phase);
        rig.Dispatcher.Rested(full, rig.Now);
        Assert.Equal([entry], rig.Pump(full));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void That_a_host_says_it_never_began_counts_only_where_it_could_not_have_run_it_before(bool idempotent)
    {
        // What it had abandoned meanwhile it runs again if it may, and says of that second time that it never began.
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Submit(options: new TaskOptions { Idempotent = idempotent });
        rig.Pump(host);
        rig.End(host);
        var opened = rig.OpenHost();
        rig.Pump(opened);
        rig.Fail(entry, DispatcherRig.Leaving());
        Assert.Equal(TaskPhase.Queued, entry.Phase);
        rig.Decided();

        rig.Dispatcher.Cancel(entry, rig.Now);

        Assert.Equal(!idempotent, rig.Decided().Single(static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!.NeverStarted);
    }

    [Theory]
    [InlineData(false, false, "Complete(WorkerLost) Settle")]
    [InlineData(true, false, "AttemptFailed(WorkerLost)")]
    [InlineData(false, true, "Pump QueueFell")]
    public void What_its_host_had_stopped_because_nobody_came_back_for_it_counts_as_lost(bool idempotent, bool neverStarted, string told)
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Submit(options: new TaskOptions { Idempotent = idempotent });
        rig.Pump(host);
        rig.End(host);
        var opened = rig.OpenHost();
        rig.Pump(opened);
        rig.Decided();

        rig.Fail(entry, new TaskFailure { Kind = TaskFailureKind.Cancelled, NeverStarted = neverStarted, Message = "cancelled" });

        Assert.Equal(told, rig.Told());
        if (neverStarted)
        {
            Assert.Equal([entry], rig.Pump(opened));
            Assert.Equal((1, false), (entry.Attempt, entry.Carried));
        }
    }

    [Fact]
    public void What_somebody_else_cancels_at_a_host_is_cancelled()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(host);
        rig.Decided();

        rig.Fail(entry, new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "an operator did" });

        Assert.Equal("Complete(Cancelled) Settle", rig.Told());
    }

    [Fact]
    public void A_stream_cannot_go_on_in_another_session_and_is_not_tried_again()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Make(options: Idempotent);
        entry.Feed = new TaskFeed(new ItemBuffer(2, 8), progress: null);
        Assert.Null(rig.TrySubmit(entry));
        rig.Pump(host);
        rig.Decided();

        rig.End(host);

        Assert.Equal("Complete(WorkerLost) Settle", rig.Told());
        Assert.Contains("items on their way are lost", entry.LastFailure!.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Dispatcher.Endpoints);
    }

    [Fact]
    public void A_host_that_keeps_nothing_is_judged_at_once()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost(keepsForSeconds: 0);
        rig.Submit();
        rig.Pump(host);
        rig.Decided();

        rig.End(host);

        Assert.Equal("Complete(WorkerLost) Settle", rig.Told());
    }

    [Fact]
    public void Nobody_waits_for_hosts_that_cannot_be_reached_only_because_one_may_come_back()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var written = rig.Submit();
        rig.Pump(host);
        rig.End(host);
        var waiting = rig.Submit();
        rig.Decided();

        rig.Dispatcher.OutlookChanged(new WorkerOutlook(true, null, TimeSpan.FromSeconds(2), Unreachable: "unix:///host0: nobody listens"));

        Assert.Equal("Complete(NoWorkers) Settle QueueFell", rig.Told());
        Assert.Equal((TaskPhase.Sent, TaskPhase.Done), (written.Phase, waiting.Phase));
        var refusal = rig.TrySubmit(rig.Make())!;
        Assert.Equal((TaskFailureKind.NoWorkers, TimeSpan.FromSeconds(2)), (refusal.Kind, refusal.RetryAfter));
        Assert.Equal("no worker can be had: unix:///host0: nobody listens; the next is tried in 2 s", refusal.Message);
    }

    [Fact]
    public void A_stop_that_cancels_everything_waits_for_no_host()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        rig.Submit();
        rig.Pump(host);
        rig.End(host);
        rig.Decided();

        rig.Dispatcher.BeginStop();
        rig.Dispatcher.CancelAll(rig.Now);

        Assert.Equal("QueueFell Complete(Cancelled) HostLost Settle", rig.Told());
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }

    [Fact]
    public void A_stop_that_lets_running_tasks_finish_recalls_them_when_their_host_is_there_again()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Submit();
        rig.Pump(host);
        rig.End(host);
        rig.Dispatcher.BeginStop();
        rig.Dispatcher.CancelWaiting(rig.Now);
        var opened = rig.OpenHost();
        rig.Dispatcher.CancelWaiting(rig.Now);

        var (tasks, cancels, recalls) = rig.PumpFrames(opened);

        Assert.Equal([entry], tasks);
        Assert.Empty(cancels);
        Assert.Equal([entry.Sequence], recalls);
        rig.Recall(opened, entry.Sequence);
        Assert.Equal((TaskPhase.Done, StopReason.Cancelled), (entry.Phase, entry.Stop));
    }

    [Fact]
    public void When_the_pool_closes_what_is_in_limbo_is_lost_and_no_later_session_goes_there()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var other = rig.OpenHost(slot: 1);
        rig.Submit();
        rig.Submit();
        rig.Pump(host);
        rig.Pump(other);
        rig.End(host);
        rig.Decided();

        rig.Dispatcher.SourceEnded(rig.Now);
        Assert.Equal("HostLost Complete(WorkerLost) Settle", rig.Told());
        rig.End(other);
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }

    [Fact]
    public void A_host_is_told_what_was_read_with_the_next_frame()
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        var entry = rig.Submit();
        rig.Pump(host);
        rig.Succeed(entry);
        rig.Dispatcher.Seen(host, 1);
        rig.Decided();
        var frame = new FrameContent();
        Assert.False(rig.Dispatcher.TakeFrame(host, ProtocolLimits.MaxFrameBytes, frame, rig.Now));

        rig.Submit();
        Assert.True(rig.Dispatcher.TakeFrame(host, ProtocolLimits.MaxFrameBytes, frame, rig.Now));
        Assert.Equal(1UL, frame.OutcomesSeen);
        frame.Clear();
        Assert.False(rig.Dispatcher.TakeFrame(host, ProtocolLimits.MaxFrameBytes, frame, rig.Now));
    }

    [Theory]
    [InlineData(1024, 10)]
    [InlineData(2, 600_000)]
    public void A_host_is_told_by_itself_when_much_was_read(int frames, long bytes)
    {
        var rig = new DispatcherRig();
        var host = rig.OpenHost();
        for (var i = 0; i < frames - 1; i++)
        {
            rig.Dispatcher.Seen(host, bytes);
        }

        Assert.Equal("", rig.Told());
        rig.Dispatcher.Seen(host, bytes);
        Assert.Equal("Pump", rig.Told());
        var frame = new FrameContent();
        Assert.True(rig.Dispatcher.TakeFrame(host, ProtocolLimits.MaxFrameBytes, frame, rig.Now));
        Assert.Equal((ulong)frames, frame.OutcomesSeen);
        frame.Clear();
        Assert.False(rig.Dispatcher.TakeFrame(host, ProtocolLimits.MaxFrameBytes, frame, rig.Now));
        rig.Dispatcher.Seen(host, bytes);
        Assert.Equal("", rig.Told());
    }
}
