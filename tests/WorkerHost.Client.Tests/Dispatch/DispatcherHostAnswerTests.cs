namespace WorkerHost.Client.Tests;

/// <summary>What a host says of a task is believed as far as it can know it, and it is told what was read.</summary>
public sealed class DispatcherHostAnswerTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

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
