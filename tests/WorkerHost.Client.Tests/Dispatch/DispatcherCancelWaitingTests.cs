namespace WorkerHost.Client.Tests;

/// <summary>A stop that cancels what waits and lets finish what runs.</summary>
public sealed class DispatcherCancelWaitingTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Fact]
    public void What_is_queued_ends_at_once_and_what_was_written_is_asked_back()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        PrefetchTests.Teach(rig, endpoint, "short", 50);
        var running = rig.Submit("short");
        var written = rig.Submit("short");
        rig.Pump(endpoint);
        var unwritten = rig.Submit("short");
        var queued = rig.Submit("unknown");
        rig.Decided();

        Stop(rig);

        var ended = rig.Decided().Where(static a => a.Kind == DispatchActionKind.Complete).ToList();
        Assert.Equal([queued, unwritten], ended.Select(static a => a.Entry));
        Assert.All(ended, static a => Assert.Equal((TaskFailureKind.Cancelled, true), (a.Outcome.Failure!.Kind, a.Outcome.Failure.NeverStarted)));
        var (tasks, cancels, recalls) = rig.PumpFrames(endpoint);
        Assert.Equal((0, 0), (tasks.Count, cancels.Count));
        Assert.Equal([running.Sequence, written.Sequence], recalls);

        rig.Recall(endpoint, written.Sequence);
        Assert.Equal("Complete(Cancelled) Settle", rig.Told());
        rig.Succeed(running);
        Assert.Equal("Complete(ok) Settle", rig.Told());
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }

    [Fact]
    public void What_comes_back_from_a_dead_or_leaving_worker_afterwards_is_cancelled_and_not_sent_again()
    {
        var rig = new DispatcherRig();
        var dying = rig.Open(concurrency: 2);
        var leaving = rig.Open(1);
        rig.Open(2);
        var tasks = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        rig.Pump(dying);
        rig.Pump(leaving);
        Stop(rig);
        rig.Decided();

        rig.EndAndDie(dying, DispatcherRig.Evidence(dying, started: 0));
        rig.Fail(tasks.Find(t => t.Endpoint == leaving)!, DispatcherRig.Leaving());

        Assert.Equal(3, rig.Decided().Count(static a => a.Kind == DispatchActionKind.Complete && a.Outcome.Failure!.Kind == TaskFailureKind.Cancelled));
        Assert.Equal(0, rig.Dispatcher.Queued);
    }

    [Fact]
    public void A_failed_attempt_has_no_successor_and_says_why()
    {
        var rig = new DispatcherRig();
        var dying = rig.Open();
        var failing = rig.Open(1);
        var lost = rig.Submit(options: Idempotent);
        var thrown = rig.Submit();
        rig.Pump(dying);
        rig.Pump(failing);
        Stop(rig);
        rig.Decided();

        rig.EndAndDie(dying, DispatcherRig.Evidence(dying, started: lost.Sequence, running: lost.Sequence));
        rig.Fail(thrown, DispatcherRig.HandlerThrew(retryable: true));

        var failed = rig.Decided().Where(static a => a.Kind == DispatchActionKind.AttemptFailed).ToList();
        Assert.Equal([lost, thrown], failed.Select(static a => a.Entry));
        Assert.All(failed, static a => Assert.Contains("not tried again because the pool is stopping", a.Outcome.Failure!.Message, StringComparison.Ordinal));
        Stop(rig);
        Assert.DoesNotContain("Complete", rig.Told(), StringComparison.Ordinal);
        Assert.False(rig.Dispatcher.Resubmit(lost, rig.Now));
        rig.Dispatcher.GiveUp(lost, failed[0].Outcome);
        rig.Dispatcher.GiveUp(thrown, failed[1].Outcome);
        Assert.Equal("Complete(WorkerLost) Settle Complete(TaskFailed) Settle", rig.Told());
    }

    [Fact]
    public void What_is_between_two_attempts_is_cancelled()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        var held = rig.Make();
        Assert.Null(rig.Dispatcher.Submit(held, rig.Now, hold: true));
        rig.Pump(endpoint);
        rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true));
        rig.Decided();

        Stop(rig);

        Assert.Equal(2, rig.Decided().Count(static a => a.Kind == DispatchActionKind.Complete && a.Outcome.Failure!.Kind == TaskFailureKind.Cancelled));
        Assert.False(rig.Dispatcher.Resubmit(entry, rig.Now));
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }

    [Fact]
    public void A_call_without_a_session_runs_and_is_let_finish()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(prefetches: false);
        var running = rig.Submit();
        rig.Pump(endpoint);

        Stop(rig);

        Assert.Empty(rig.PumpFrames(endpoint).Recalls);
        rig.Decided();
        rig.Succeed(running);
        Assert.Equal("Complete(ok) Settle", rig.Told());
    }

    private static void Stop(DispatcherRig rig)
    {
        rig.Dispatcher.BeginStop();
        rig.Dispatcher.CancelWaiting(rig.Now);
    }
}
