namespace WorkerHost.Client.Tests;

/// <summary>How the end of a session and the observed death of its process belong together.</summary>
public sealed class DispatcherSessionEndTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_judged_before_the_session_was_read_to_its_end_and_the_process_observed_dead(bool deathFirst)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(endpoint);
        rig.Decided();
        var evidence = DispatcherRig.Evidence(endpoint, started: 0);

        if (deathFirst)
        {
            rig.Die(endpoint, evidence);
        }
        else
        {
            rig.End(endpoint);
        }

        Assert.Equal((TaskPhase.Sent, "SessionTimer"), (entry.Phase, rig.Told()));
        if (deathFirst)
        {
            rig.End(endpoint);
        }
        else
        {
            rig.Die(endpoint, evidence);
        }

        Assert.Equal(TaskPhase.Queued, entry.Phase);
    }

    [Fact]
    public void Without_a_supervisor_the_end_of_the_session_is_all_there_is()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(supervised: false);
        rig.Submit();
        var again = rig.Submit(options: Idempotent);
        rig.Open(1, supervised: false);
        rig.Pump(endpoint);
        rig.Decided();

        rig.End(endpoint);

        Assert.Equal("Complete(WorkerLost) Settle", rig.Told());
        Assert.Equal(TaskPhase.Sent, again.Phase);
        Assert.DoesNotContain(endpoint, rig.Dispatcher.Endpoints);
    }

    [Fact]
    public void A_worker_that_lives_on_without_its_session_is_killed_after_the_grace()
    {
        var rig = new DispatcherRig(new DispatcherOptions { LostSessionGrace = TimeSpan.FromSeconds(3) });
        var endpoint = rig.Open();
        rig.Decided();

        rig.End(endpoint);

        Assert.Equal(TimeSpan.FromSeconds(3), Assert.Single(rig.Decided()).Delay);
        rig.Dispatcher.SessionOverdue(endpoint);
        Assert.Equal("Kill", rig.Told());
        rig.Die(endpoint);
        rig.Dispatcher.SessionOverdue(endpoint);
        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void A_worker_that_was_told_to_leave_and_owes_nothing_may_take_its_time()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        rig.Dispatcher.WorkerLeaves(endpoint);
        rig.End(endpoint);
        rig.Told();

        rig.Dispatcher.SessionOverdue(endpoint);

        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void A_session_that_does_not_end_after_the_death_is_ended()
    {
        var rig = new DispatcherRig(new DispatcherOptions { ReadOutGrace = TimeSpan.FromSeconds(4) });
        var endpoint = rig.Open();
        rig.Decided();

        rig.Die(endpoint);

        Assert.Equal(TimeSpan.FromSeconds(4), Assert.Single(rig.Decided()).Delay);
        rig.Dispatcher.SessionOverdue(endpoint);
        Assert.Equal("Abort", rig.Told());
    }
}
