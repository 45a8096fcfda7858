namespace WorkerHost.Client.Tests;

/// <summary>What a living worker gives back or fails by itself.</summary>
public sealed class DispatcherRefusalTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Fact]
    public void A_handlers_exception_is_not_tried_again_unless_it_says_so()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        var final = rig.Submit(options: Idempotent);
        var again = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.Fail(final, DispatcherRig.HandlerThrew());
        rig.Fail(again, DispatcherRig.HandlerThrew(retryable: true));

        Assert.Equal("Complete(TaskFailed) Settle AttemptFailed(TaskFailed)", rig.Told());
    }

    [Fact]
    public void A_worker_that_is_leaving_gives_back_free_of_charge()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(attempts: 1);
        rig.Pump(endpoint);
        rig.Dispatcher.EndpointDraining(endpoint);

        rig.Fail(entry, DispatcherRig.Leaving());

        Assert.Equal((TaskPhase.Queued, 1), (entry.Phase, entry.Attempt));
        Assert.Equal([entry], rig.Pump(rig.Open(1)));
    }

    [Fact]
    public void A_worker_that_is_full_rests_for_as_long_as_it_asked_and_is_not_asked_for_ever()
    {
        var rig = new DispatcherRig();
        var full = rig.Open();
        var entry = rig.Submit(attempts: 1);
        rig.Pump(full);
        rig.Decided();

        rig.Fail(entry, DispatcherRig.Leaving() with { RetryAfter = TimeSpan.FromMilliseconds(250) });

        var rest = Assert.Single(rig.Decided());
        Assert.Equal((DispatchActionKind.RestTimer, TimeSpan.FromMilliseconds(250)), (rest.Kind, rest.Delay));
        Assert.Equal((TaskPhase.Queued, 1), (entry.Phase, entry.Attempt));
        rig.Dispatcher.Rested(full, rig.Now);
        Assert.Equal([entry], rig.Pump(full));
    }

    [Fact]
    public void A_worker_that_gives_back_what_nobody_recalled_rests_and_is_not_asked_for_ever()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.Recall(endpoint, entry.Sequence);

        Assert.Equal("RestTimer", rig.Told());
        Assert.Equal(TaskPhase.Queued, entry.Phase);
        rig.Dispatcher.Rested(endpoint, rig.Now);
        Assert.Equal([entry], rig.Pump(endpoint));
    }

    [Fact]
    public void What_a_full_worker_refused_goes_to_another_at_once()
    {
        var rig = new DispatcherRig();
        var full = rig.Open(0);
        var entry = rig.Submit();
        rig.Pump(full);
        var other = rig.Open(1);
        rig.Fail(entry, DispatcherRig.Leaving());
        Assert.Equal([entry], rig.Pump(other));
    }
}
