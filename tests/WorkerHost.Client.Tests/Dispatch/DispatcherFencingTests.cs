namespace WorkerHost.Client.Tests;

/// <summary>Answers and deaths reach the attempt they belong to, and nobody else.</summary>
public sealed class DispatcherFencingTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Fact]
    [Trait("Scenario", "12")]
    public void A_result_that_arrives_after_the_observed_death_is_the_outcome()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Die(endpoint, DispatcherRig.Evidence(endpoint, 1));
        rig.Decided();

        rig.Succeed(entry);
        rig.End(endpoint);

        Assert.Equal("Complete(ok) Settle", rig.Told());
    }

    [Fact]
    [Trait("Scenario", "15")]
    public void A_death_of_one_incarnation_leaves_the_next_one_alone()
    {
        var rig = new DispatcherRig();
        var first = rig.Open(incarnation: 1);
        var second = rig.Open(incarnation: 2);
        var a = rig.Submit();
        var b = rig.Submit();
        rig.Pump(first);
        rig.Pump(second);

        rig.EndAndDie(first, DispatcherRig.Evidence(first, 1, 1));
        rig.Die(first);

        Assert.Equal((TaskPhase.Done, TaskPhase.Sent), (a.Phase, b.Phase));
        Assert.True(second.Open);
        Assert.Null(second.Death);
    }

    [Fact]
    [Trait("Scenario", "15")]
    public void An_answer_of_a_lost_connection_never_reaches_the_task_on_its_next_worker()
    {
        var rig = new DispatcherRig();
        var first = rig.Open(incarnation: 1);
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(first);
        rig.EndAndDie(first, DispatcherRig.Evidence(first, 1, 1));
        rig.Dispatcher.Resubmit(entry, rig.Now);
        var second = rig.Open(incarnation: 2);
        rig.Pump(second);
        rig.Decided();

        rig.Answer(first, 1, AttemptOutcome.Success(default, ContentType.Json), 1);

        Assert.Equal("LateOutcome", rig.Told());
        Assert.Equal(1, rig.Dispatcher.LateOutcomes);
        Assert.Equal(TaskPhase.Sent, entry.Phase);
    }

    [Fact]
    public void An_answer_to_a_sequence_that_was_never_sent_ends_the_session()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.Answer(endpoint, 7, AttemptOutcome.Success(default, ContentType.Json), 1);

        var abort = Assert.Single(rig.Decided());
        Assert.Equal(DispatchActionKind.Abort, abort.Kind);
        Assert.Contains("sequence 7", abort.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_answer_to_the_same_sequence_is_counted_and_dropped()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Succeed(entry);
        rig.Decided();

        rig.Answer(endpoint, 1, AttemptOutcome.Success(default, ContentType.Json), 1);

        Assert.Equal("LateOutcome", rig.Told());
        Assert.Equal(1, rig.Dispatcher.LateOutcomes);
        Assert.Equal(0, endpoint.InFlight.Count);
    }
}
