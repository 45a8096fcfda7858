namespace WorkerHost.Client.Tests;

/// <summary>When no worker can be had, nobody waits for one.</summary>
public sealed class DispatcherOutlookTests
{
    private static readonly DeathReport LastDeath = new() { Worker = new WorkerId("test", 0, 5), Cause = DeathCause.BootFailure, ExitCode = 127 };
    private static readonly WorkerOutlook Hopeless = new(true, LastDeath, TimeSpan.FromSeconds(8));

    [Fact]
    [Trait("Scenario", "23")]
    public void Waiting_tasks_fail_when_no_worker_can_be_had()
    {
        var rig = new DispatcherRig();
        rig.Submit();
        rig.Decided();

        rig.Dispatcher.OutlookChanged(Hopeless);

        var failure = Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!;
        Assert.Equal(TaskFailureKind.NoWorkers, failure.Kind);
        Assert.Equal(TimeSpan.FromSeconds(8), failure.RetryAfter);
        Assert.Equal(LastDeath, Assert.Single(failure.Deaths));
        Assert.True(failure.NeverStarted);
        Assert.Contains("exit code 127", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }

    [Fact]
    [Trait("Scenario", "23")]
    public void New_tasks_are_refused_while_no_worker_can_be_had_and_taken_when_that_is_over()
    {
        var rig = new DispatcherRig();
        rig.Dispatcher.OutlookChanged(Hopeless);
        Assert.Equal(TaskFailureKind.NoWorkers, rig.TrySubmit(rig.Make())!.Kind);
        rig.Dispatcher.OutlookChanged(WorkerOutlook.Hopeful);
        Assert.Null(rig.TrySubmit(rig.Make()));
    }

    [Fact]
    public void That_no_worker_can_be_had_is_said_even_where_no_place_is_free_either()
    {
        // "Queue full" would let the caller wait for a place that never comes.
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 0 });
        Assert.Equal(TaskFailureKind.Rejected, rig.TrySubmit(rig.Make())!.Kind);
        rig.Dispatcher.OutlookChanged(Hopeless);
        Assert.Equal(TaskFailureKind.NoWorkers, rig.TrySubmit(rig.Make())!.Kind);
    }

    [Fact]
    public void While_one_worker_is_left_waiting_makes_sense()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        rig.Submit();
        var waiting = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.OutlookChanged(Hopeless);
        Assert.Equal(TaskPhase.Queued, waiting.Phase);

        rig.EndAndDie(endpoint);

        Assert.Equal(TaskPhase.Done, waiting.Phase);
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }

    [Fact]
    public void Another_attempt_while_no_worker_can_be_had_ends_the_task_and_does_not_claim_that_it_never_started()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 1, 1));
        rig.Dispatcher.OutlookChanged(Hopeless);
        rig.Decided();

        rig.Dispatcher.Resubmit(entry, rig.Now);

        var failure = Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!;
        Assert.Equal(TaskFailureKind.NoWorkers, failure.Kind);
        Assert.False(failure.NeverStarted);
        Assert.Equal([1L, 5L], failure.Deaths.Select(static d => d.Worker.Incarnation));
        Assert.Equal(0, rig.Dispatcher.Unsettled);
    }
}
