namespace WorkerHost.Client.Tests;

/// <summary>Who goes first when tasks of several priorities wait.</summary>
public sealed class DispatcherPriorityTests
{
    [Fact]
    [Trait("Scenario", "52")]
    public void The_higher_priority_goes_first_and_within_one_the_older_task()
    {
        var rig = new DispatcherRig();
        TaskPriority[] order = [TaskPriority.Low, TaskPriority.Normal, TaskPriority.Highest, TaskPriority.Lowest, TaskPriority.High, TaskPriority.Low, TaskPriority.Highest, TaskPriority.Normal];
        var tasks = order.Select(p => rig.Submit(options: Of(p))).ToList();

        var sent = rig.Pump(rig.Open(concurrency: tasks.Count));

        Assert.Equal(tasks.OrderByDescending(static t => t.Options.Priority).ThenBy(static t => t.Number), sent);
    }

    /// <summary>A worker with one lane, and every priority in use has always somebody who waits.</summary>
    [Theory]
    [InlineData(2, 13)]
    [InlineData(3, 14)]
    [InlineData(5, 16)]
    [Trait("Scenario", "52")]
    public void No_priority_waits_longer_than_sixteen_turns_for_its_next(int used, int longest)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var running = rig.Submit(options: Of(TaskPriority.Highest));
        var last = new Dictionary<TaskPriority, int>();
        for (var priority = TaskPriority.Highest; priority > TaskPriority.Highest - used; priority--)
        {
            rig.Submit(options: Of(priority));
            last[priority] = 0;
        }

        var waited = 0;
        for (var turn = 1; turn < 1000; turn++)
        {
            running = Next(rig, endpoint, running);
            rig.Submit(options: running.Options);
            waited = Math.Max(waited, turn - last[running.Options.Priority]);
            last[running.Options.Priority] = turn;
        }

        Assert.Equal(longest, waited);
        Assert.All(last.Values, turn => Assert.InRange(turn, 1000 - TurnQueue.LongestWait, 1000));
    }

    [Fact]
    [Trait("Scenario", "52")]
    public void What_waits_below_gets_one_turn_and_not_the_lane()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var running = rig.Submit();
        for (var i = 0; i < 200; i++)
        {
            rig.Submit(options: Of(TaskPriority.Low));
            rig.Submit(options: Of(TaskPriority.High));
        }

        var low = 0;
        for (var turn = 0; turn < 130; turn++)
        {
            running = Next(rig, endpoint, running);
            low += running.Options.Priority == TaskPriority.Low ? 1 : 0;
        }

        Assert.Equal(10, low);
    }

    [Fact]
    public void A_priority_that_comes_anew_has_not_been_passed_over_yet()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var running = rig.Submit();
        var waited = rig.Submit(options: Of(TaskPriority.Low));
        for (var i = 0; i < 30; i++)
        {
            rig.Submit(options: Of(TaskPriority.High));
        }

        for (var turn = 0; turn < 11; turn++)
        {
            running = Next(rig, endpoint, running);
        }

        Assert.True(rig.Dispatcher.Cancel(waited, rig.Now));
        var anew = rig.Submit(options: Of(TaskPriority.Low));
        running = Next(rig, endpoint, running);
        Next(rig, endpoint, running);
        Assert.Equal(TaskPhase.Queued, anew.Phase);
    }

    [Fact]
    public void What_comes_back_unstarted_goes_before_its_own_priority_and_not_before_a_higher_one()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 3);
        var low = rig.Submit(options: Of(TaskPriority.Low));
        var normal = rig.Submit();
        var other = rig.Submit();
        var waiting = rig.Submit();
        var high = rig.Submit(options: Of(TaskPriority.High));
        var waitingLow = rig.Submit(options: Of(TaskPriority.Low));
        rig.Pump(endpoint);
        rig.Dispatcher.EndpointDraining(endpoint);
        rig.Recall(endpoint, other.Sequence, low.Sequence, normal.Sequence);

        Assert.Equal([high, normal, other, waiting, low, waitingLow], rig.Pump(rig.Open(1, concurrency: 10)));
    }

    [Fact]
    public void Another_attempt_goes_before_what_was_never_sent_and_behind_what_came_back()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 4);
        var tasks = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        var waiting = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.EndpointDraining(endpoint);
        rig.Fail(tasks[2], DispatcherRig.HandlerThrew(retryable: true));
        rig.Fail(tasks[0], DispatcherRig.HandlerThrew(retryable: true));
        Assert.True(rig.Dispatcher.Resubmit(tasks[2], rig.Now));
        Assert.True(rig.Dispatcher.Resubmit(tasks[0], rig.Now));
        rig.Recall(endpoint, tasks[3].Sequence, tasks[1].Sequence);

        Assert.Equal([tasks[1], tasks[3], tasks[2], tasks[0], waiting], rig.Pump(rig.Open(1, concurrency: 10)));
    }

    [Fact]
    public void The_first_attempt_of_a_held_task_goes_behind_those_that_wait()
    {
        var rig = new DispatcherRig();
        var held = rig.Make();
        Assert.Null(rig.Dispatcher.Submit(held, rig.Now, hold: true));
        var waiting = rig.Submit();
        Assert.True(rig.Dispatcher.Resubmit(held, rig.Now));
        Assert.Equal([waiting, held], rig.Pump(rig.Open(concurrency: 2)));
    }

    [Fact]
    public void Cancelling_the_first_of_those_that_go_ahead_leaves_the_order_of_the_others()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 3);
        var tasks = Enumerable.Range(0, 3).Select(_ => rig.Submit()).ToList();
        var waiting = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.EndpointDraining(endpoint);
        rig.Recall(endpoint, tasks[0].Sequence, tasks[1].Sequence);
        rig.Fail(tasks[2], DispatcherRig.HandlerThrew(retryable: true));
        rig.Dispatcher.Cancel(tasks[1], rig.Now);
        Assert.True(rig.Dispatcher.Resubmit(tasks[2], rig.Now));

        Assert.Equal([tasks[0], tasks[2], waiting], rig.Pump(rig.Open(1, concurrency: 10)));
    }

    private static TaskOptions Of(TaskPriority priority) => new() { Priority = priority };

    private static TaskEntry Next(DispatcherRig rig, EndpointState endpoint, TaskEntry running)
    {
        rig.Pump(endpoint);
        rig.Succeed(running, 1_000_000);
        return Assert.Single(endpoint.InFlight.InOrder());
    }
}
