namespace WorkerHost.Client.Tests;

/// <summary>A worker that may have so many tasks in its life, and one that is a spare.</summary>
public sealed class DispatcherShareTests
{
    [Fact]
    [Trait("Scenario", "38")]
    public void A_worker_gets_exactly_its_share_and_is_then_to_be_replaced()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Endpoint(maxTasks: 2);
        rig.Dispatcher.EndpointOpened(endpoint, rig.Now);
        var tasks = Enumerable.Range(0, 3).Select(_ => rig.Submit()).ToArray();
        rig.Pump(endpoint);
        rig.Decided();
        rig.Succeed(tasks[0]);
        Assert.Equal("Complete(ok) Settle Pump Recycle QueueFell", rig.Told());
        rig.Pump(endpoint);
        rig.Succeed(tasks[1]);
        Assert.Equal(TaskPhase.Queued, tasks[2].Phase);
        Assert.Equal([tasks[2]], rig.Pump(rig.Open(slot: 1)));
    }

    [Fact]
    [Trait("Scenario", "38")]
    public void What_comes_back_unstarted_does_not_count()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Endpoint(maxTasks: 2, concurrency: 2);
        rig.Dispatcher.EndpointOpened(endpoint, rig.Now);
        var cancelled = rig.Submit();
        Assert.True(rig.Dispatcher.Cancel(cancelled, rig.Now));
        var first = rig.Submit();
        var second = rig.Submit();
        rig.Pump(endpoint);
        rig.Recall(endpoint, second.Sequence);
        rig.Dispatcher.Rested(endpoint, rig.Now);
        Assert.Equal([second], rig.Pump(endpoint));
        rig.Succeed(first);
        rig.Succeed(second);
        Assert.Equal(0, endpoint.TasksLeft);
    }

    [Fact]
    public void A_spare_gets_nothing_until_it_serves()
    {
        var rig = new DispatcherRig();
        var spare = rig.Endpoint();
        spare.Reserved = true;
        rig.Dispatcher.EndpointOpened(spare, rig.Now);
        var task = rig.Submit();
        Assert.Equal(TaskPhase.Queued, task.Phase);
        rig.Dispatcher.EndpointServes(spare, rig.Now);
        Assert.Equal([task], rig.Pump(spare));
    }
}
