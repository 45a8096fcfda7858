namespace WorkerHost.Client.Tests;

/// <summary>Who gets a task that no lane is free for.</summary>
public sealed class PrefetchTests
{
    [Fact]
    public void Nothing_goes_behind_a_task_of_an_unknown_name()
    {
        var rig = new DispatcherRig();
        rig.Open();
        rig.Submit("unknown");
        Assert.Equal(TaskPhase.Queued, rig.Submit("unknown").Phase);
    }

    [Fact]
    public void An_unknown_name_goes_behind_nothing()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        Teach(rig, endpoint, "short", 10);
        rig.Submit("short");
        Assert.Equal(TaskPhase.Queued, rig.Submit("unknown").Phase);
    }

    [Fact]
    [Trait("Scenario", "51")]
    public void A_long_task_goes_behind_nothing_and_nothing_behind_it()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        Teach(rig, endpoint, "short", 10);
        Teach(rig, endpoint, "long", 5_000_000);
        var running = rig.Submit("short");
        Assert.Equal(TaskPhase.Queued, rig.Submit("long").Phase);
        rig.Pump(endpoint);
        rig.Succeed(running, 10);
        Assert.Equal(TaskPhase.Queued, rig.Submit("short").Phase);
    }

    [Fact]
    public void Short_tasks_fill_the_round_trip_and_no_more()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        Teach(rig, endpoint, "short", 50);
        var fitting = (int)Math.Ceiling(rig.Dispatcher.RoundTrip / 50);
        for (var i = 0; i < 100; i++)
        {
            rig.Submit("short");
        }

        Assert.Equal(fitting, endpoint.InFlight.Count);
        Assert.InRange(endpoint.Backlog, rig.Dispatcher.RoundTrip, rig.Dispatcher.RoundTrip + 50);
    }

    [Fact]
    public void The_shortest_tasks_are_bounded_by_the_most_that_may_be_prefetched()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        Teach(rig, endpoint, "shortest", 0);
        for (var i = 0; i < 1000; i++)
        {
            rig.Submit("shortest");
        }

        Assert.Equal(2 + Dispatcher.MaxPrefetch, endpoint.InFlight.Count);
        Assert.Equal(1000 - 2 - Dispatcher.MaxPrefetch, rig.Dispatcher.Queued);
    }

    [Fact]
    public void An_endpoint_without_sessions_gets_no_more_than_its_lanes()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(prefetches: false);
        Teach(rig, endpoint, "short", 1);
        rig.Submit("short");
        Assert.Equal(TaskPhase.Queued, rig.Submit("short").Phase);
    }

    [Fact]
    [Trait("Scenario", "50")]
    public void A_free_lane_is_filled_before_anything_is_prefetched()
    {
        var rig = new DispatcherRig();
        var first = rig.Open(0);
        Teach(rig, first, "short", 1);
        var second = rig.Open(1);
        rig.Submit("short");
        rig.Submit("short");
        Assert.Equal((1, 1), (first.InFlight.Count, second.InFlight.Count));
    }

    [Fact]
    public void Nothing_more_goes_behind_a_task_that_is_being_stopped()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        Teach(rig, endpoint, "short", 1);
        var stuck = rig.Submit("short");
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(stuck, rig.Now);
        Assert.Equal(TaskPhase.Queued, rig.Submit("short").Phase);
    }

    [Fact]
    public void What_waits_behind_a_task_that_is_being_stopped_is_called_back()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        Teach(rig, endpoint, "short", 1);
        var stuck = rig.Submit("short");
        var written = rig.Submit("short");
        rig.Pump(endpoint);
        var unwritten = rig.Submit("short");
        Assert.Equal(TaskPhase.Sent, unwritten.Phase);

        rig.Dispatcher.Cancel(stuck, rig.Now);

        Assert.Equal(TaskPhase.Queued, unwritten.Phase);
        var (tasks, cancels, recalls) = rig.PumpFrames(endpoint);
        Assert.Empty(tasks);
        Assert.Equal([stuck.Sequence], cancels);
        Assert.Equal([written.Sequence], recalls);
        rig.Recall(endpoint, written.Sequence);
        Assert.Equal([written, unwritten], rig.Pump(rig.Open(1, concurrency: 2)));
    }

    [Fact]
    public void A_task_already_called_back_is_not_called_back_twice()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        Teach(rig, endpoint, "short", 1);
        var stuck = new[] { rig.Submit("short"), rig.Submit("short") };
        var behind = rig.Submit("short");
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(stuck[0], rig.Now);
        rig.Dispatcher.Cancel(stuck[1], rig.Now);
        Assert.Equal([behind.Sequence], rig.PumpFrames(endpoint).Recalls);
    }

    /// <summary>Lets the dispatcher learn how long tasks of a name take.</summary>
    internal static void Teach(DispatcherRig rig, EndpointState endpoint, string name, long microseconds)
    {
        var entry = rig.Submit(name);
        rig.Pump(endpoint);
        rig.Now += (microseconds + 200) * TimeSpan.TicksPerMicrosecond;
        rig.Succeed(entry, microseconds);
        rig.Decided();
    }
}
