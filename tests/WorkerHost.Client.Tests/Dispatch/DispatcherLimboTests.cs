namespace WorkerHost.Client.Tests;

/// <summary>What becomes of the tasks of a host whose session breaks.</summary>
public sealed class DispatcherLimboTests
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
}
