namespace WorkerHost.Client.Tests;

/// <summary>What does not wait for a host that is gone: streams, hosts that keep nothing, pools that end.</summary>
public sealed class DispatcherHostEndTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

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
}
