namespace WorkerHost.Client.Tests;

/// <summary>A paused pool accepts tasks and begins none.</summary>
public sealed class DispatcherPauseTests
{
    [Fact]
    public void What_is_submitted_during_a_pause_waits_and_goes_in_order_after_it()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        rig.Dispatcher.Pause();

        var first = rig.Submit();
        var second = rig.Submit();
        Assert.Equal((TaskPhase.Queued, TaskPhase.Queued, 2), (first.Phase, second.Phase, rig.Dispatcher.Queued));
        rig.Dispatcher.Resume(rig.Now);

        Assert.Equal([first, second], rig.Pump(endpoint));
    }

    [Fact]
    public void What_runs_goes_on_and_nothing_takes_its_place()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var running = rig.Submit();
        rig.Pump(endpoint);
        var waiting = rig.Submit();

        rig.Dispatcher.Pause();
        rig.Succeed(running);
        rig.Open(slot: 1);

        Assert.Equal((TaskPhase.Done, TaskPhase.Queued), (running.Phase, waiting.Phase));
        Assert.Empty(endpoint.InFlight.InOrder());
    }

    [Fact]
    public void What_was_sent_ahead_is_asked_back_and_waits()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var known = rig.Submit();
        rig.Pump(endpoint);
        rig.Succeed(known, 1);
        TaskEntry[] sent = [rig.Submit(), rig.Submit()];
        rig.Pump(endpoint);
        var unwritten = rig.Submit();
        Assert.All([.. sent, unwritten], static task => Assert.Equal(TaskPhase.Sent, task.Phase));

        rig.Dispatcher.Pause();
        Assert.Equal([sent[1].Sequence], rig.PumpFrames(endpoint).Recalls);
        Assert.Equal(TaskPhase.Queued, unwritten.Phase);
        rig.Recall(endpoint, sent[1].Sequence);
        rig.Succeed(sent[0], 1);
        Assert.Equal(TaskPhase.Queued, sent[1].Phase);

        rig.Dispatcher.Resume(rig.Now);
        Assert.Equal([sent[1], unwritten], rig.Pump(endpoint));
    }

    [Fact]
    public void A_suspect_waits_too()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var suspect = rig.Submit(options: new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        rig.Dispatcher.Pause();
        rig.Crash(endpoint, DispatcherRig.Evidence(endpoint, suspect.Sequence, suspect.Sequence));
        var next = rig.Open(incarnation: 2);

        Assert.Equal((TaskPhase.Queued, true), (suspect.Phase, suspect.IsSuspect));
        rig.Dispatcher.Resume(rig.Now);
        Assert.Equal([suspect], rig.Pump(next));
    }

    [Fact]
    public void A_free_lane_is_no_place_for_a_task_during_a_pause_and_time_limits_pass()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 1 });
        rig.Open();
        rig.Dispatcher.Pause();
        var waiting = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(1) });

        Assert.True(rig.TrySubmit(rig.Make())!.QueueIsFull);
        rig.Decided();
        rig.Dispatcher.Expired(waiting, rig.Now);
        Assert.Contains("Complete(DeadlineExceeded)", rig.Told(), StringComparison.Ordinal);
    }
}
