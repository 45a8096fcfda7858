namespace WorkerHost.Client.Tests;

/// <summary>Tasks of some milliseconds: one is there when its lane falls free, and comes back when another lane would have it sooner.</summary>
public sealed class AheadTests
{
    [Fact]
    [Trait("Scenario", "50")]
    public void Each_lane_has_one_task_of_ten_milliseconds_ahead_while_more_wait_than_there_are_lanes()
    {
        var (rig, first, second) = Taught(10_000);
        for (var i = 0; i < 8; i++)
        {
            rig.Submit("work");
        }

        Assert.Equal((2, 2, 4), (first.InFlight.Count, second.InFlight.Count, rig.Dispatcher.Queued));
    }

    [Fact]
    public void The_last_tasks_wait_in_the_pool_for_whichever_lane_is_free_first()
    {
        var (rig, first, second) = Taught(10_000);
        for (var i = 0; i < 4; i++)
        {
            rig.Submit("work");
        }

        Assert.Equal((1, 1, 2), (first.InFlight.Count, second.InFlight.Count, rig.Dispatcher.Queued));
    }

    [Fact]
    [Trait("Scenario", "51")]
    public void Longer_tasks_have_none_behind_them_however_many_wait()
    {
        var (rig, first, second) = Taught(30_000);
        for (var i = 0; i < 20; i++)
        {
            rig.Submit("work");
        }

        Assert.Equal((1, 1, 18), (first.InFlight.Count, second.InFlight.Count, rig.Dispatcher.Queued));
    }

    [Fact]
    [Trait("Scenario", "51")]
    public void What_waits_behind_a_task_that_takes_longer_than_its_name_says_goes_to_the_worker_that_is_free()
    {
        var (rig, stuck, free) = Taught(10_000);
        var tasks = Enumerable.Range(0, 6).Select(_ => rig.Submit("work")).ToList();
        Pump(rig, stuck, free);
        var behind = tasks.Last(t => t.Endpoint == stuck);
        while (tasks.Find(t => t.Endpoint == free && t.Phase == TaskPhase.Sent) is { } next)
        {
            rig.Now += 10_000 * TimeSpan.TicksPerMicrosecond;
            rig.Succeed(next, 10_000);
            Pump(rig, free);
        }

        var look = Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.LookTimer);
        rig.Now += look.Delay.Ticks;
        rig.Dispatcher.Look(rig.Now);
        Assert.Equal([behind.Sequence], rig.PumpFrames(stuck).Recalls);
        rig.Recall(stuck, behind.Sequence);
        Assert.Equal([behind], rig.Pump(free));
    }

    [Fact]
    public void Nothing_is_called_back_from_a_worker_that_gets_on()
    {
        var (rig, busy, free) = Taught(1);
        var tasks = Enumerable.Range(0, 10).Select(_ => rig.Submit("work")).ToList();
        Pump(rig, busy, free);
        var look = EmptyButFor(rig, busy, tasks);
        rig.Now += look.Delay.Ticks / 2;
        rig.Succeed(tasks.Find(t => t.Endpoint == busy)!, 1);
        rig.Now += look.Delay.Ticks / 2;
        rig.Dispatcher.Look(rig.Now);
        Assert.Empty(rig.PumpFrames(busy).Recalls);
        Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.LookTimer);
    }

    [Fact]
    public void A_worker_that_does_not_answer_is_asked_once()
    {
        var (rig, stuck, free) = Taught(1);
        var tasks = Enumerable.Range(0, 10).Select(_ => rig.Submit("work")).ToList();
        Pump(rig, stuck, free);
        rig.Now += EmptyButFor(rig, stuck, tasks).Delay.Ticks;
        rig.Dispatcher.Look(rig.Now);
        Assert.Equal(stuck.InFlight.Count - 1, rig.PumpFrames(stuck).Recalls.Count);
        Assert.DoesNotContain(rig.Decided(), static a => a.Kind == DispatchActionKind.LookTimer);
    }

    /// <summary>All tasks of the other worker end; a look is planned then.</summary>
    private static DispatchAction EmptyButFor(DispatcherRig rig, EndpointState kept, List<TaskEntry> tasks)
    {
        foreach (var task in tasks.Where(t => t.Endpoint != kept))
        {
            rig.Now++;
            rig.Succeed(task, 1);
        }

        return Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.LookTimer);
    }

    private static void Pump(DispatcherRig rig, params EndpointState[] endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            rig.Pump(endpoint);
        }
    }

    private static (DispatcherRig Rig, EndpointState First, EndpointState Second) Taught(long microseconds)
    {
        var rig = new DispatcherRig();
        var first = rig.Open(0);
        PrefetchTests.Teach(rig, first, "work", microseconds);
        return (rig, first, rig.Open(1));
    }
}
