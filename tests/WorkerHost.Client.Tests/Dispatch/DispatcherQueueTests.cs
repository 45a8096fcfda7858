namespace WorkerHost.Client.Tests;

public sealed class DispatcherQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [Trait("Scenario", "49")]
    public void The_queue_takes_exactly_its_capacity_beside_what_runs(int capacity)
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = capacity });
        rig.Open();
        rig.Submit();
        for (var i = 0; i < capacity; i++)
        {
            rig.Submit();
        }

        var refusal = rig.TrySubmit(rig.Make());

        Assert.Equal(TaskFailureKind.Rejected, refusal!.Kind);
        Assert.True(refusal.NeverStarted);
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);
        Assert.Contains($"WorkerPoolOptions.QueueCapacity = {capacity}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(capacity, rig.Dispatcher.Queued);
        Assert.Equal(capacity + 1, rig.Dispatcher.Unsettled);
    }

    [Fact]
    [Trait("Scenario", "49")]
    public void With_capacity_0_a_task_is_accepted_exactly_while_a_lane_is_free()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 0 });
        Assert.Equal(TaskFailureKind.Rejected, rig.TrySubmit(rig.Make())!.Kind);
        var endpoint = rig.Open(concurrency: 2);
        var first = rig.Submit();
        rig.Submit();
        Assert.Equal(TaskFailureKind.Rejected, rig.TrySubmit(rig.Make())!.Kind);

        rig.Pump(endpoint);
        rig.Succeed(first);

        rig.Submit();
        Assert.Equal(TaskFailureKind.Rejected, rig.TrySubmit(rig.Make())!.Kind);
    }

    [Fact]
    public void With_capacity_0_a_lane_that_falls_free_is_told_to_those_who_wait()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 0 });
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.Succeed(entry);

        Assert.Contains(rig.Decided(), static a => a.Kind == DispatchActionKind.QueueFell);
    }

    [Fact]
    public void With_capacity_0_a_worker_that_comes_is_told_to_those_who_wait()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 0 });
        rig.Open();
        Assert.Contains(rig.Decided(), static a => a.Kind == DispatchActionKind.QueueFell);
    }

    [Fact]
    public void A_stop_is_told_to_those_who_wait()
    {
        var rig = new DispatcherRig();
        rig.Dispatcher.BeginStop();
        Assert.Contains(rig.Decided(), static a => a.Kind == DispatchActionKind.QueueFell);
    }

    [Fact]
    public void The_queue_takes_exactly_its_bytes()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueBytes = 100 });
        rig.Submit(bytes: 60);
        rig.Submit(bytes: 40);

        var refusal = rig.TrySubmit(rig.Make(bytes: 1));

        Assert.Equal(TaskFailureKind.Rejected, refusal!.Kind);
        Assert.Contains("QueueBytes = 100", refusal.Message, StringComparison.Ordinal);
        Assert.Null(rig.TrySubmit(rig.Make(bytes: 0)));
    }

    [Fact]
    public void A_payload_larger_than_the_whole_queue_is_refused_and_waiting_does_not_help()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueBytes = 100 });
        rig.Open();
        var entry = rig.Make(bytes: 101);
        var refusal = rig.TrySubmit(entry)!;
        Assert.Contains("larger than the whole queue", refusal.Message, StringComparison.Ordinal);
        Assert.False(rig.Dispatcher.WaitingHelps(entry, refusal));
    }

    [Fact]
    public void A_place_is_free_again_when_a_waiting_task_is_cancelled()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 1 });
        var waiting = rig.Submit();
        Assert.NotNull(rig.TrySubmit(rig.Make()));
        Assert.True(rig.Dispatcher.Cancel(waiting, rig.Now));
        Assert.Null(rig.TrySubmit(rig.Make()));
    }

    [Fact]
    public void A_held_task_has_its_place_in_the_queue_until_its_first_attempt_begins()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 2 });
        Assert.Null(rig.Dispatcher.Submit(rig.Make(), rig.Now, hold: true));
        var second = rig.Make();
        Assert.Null(rig.Dispatcher.Submit(second, rig.Now, hold: true));
        Assert.Equal(TaskFailureKind.Rejected, rig.Dispatcher.Submit(rig.Make(), rig.Now, hold: true)!.Kind);

        rig.Open();
        Assert.True(rig.Dispatcher.Resubmit(second, rig.Now));

        Assert.Equal(TaskPhase.Sent, second.Phase);
        Assert.Null(rig.Dispatcher.Submit(rig.Make(), rig.Now, hold: true));
        Assert.Equal(TaskFailureKind.Rejected, rig.Dispatcher.Submit(rig.Make(), rig.Now, hold: true)!.Kind);
    }

    [Fact]
    public void Tasks_are_sent_in_the_order_they_came()
    {
        var rig = new DispatcherRig();
        var tasks = Enumerable.Range(0, 20).Select(_ => rig.Submit()).ToList();
        var endpoint = rig.Open(concurrency: 20);
        Assert.Equal(tasks, rig.Pump(endpoint));
        Assert.Equal(Enumerable.Range(1, 20).Select(static n => (ulong)n), tasks.Select(static t => t.Sequence));
    }

    [Fact]
    public void The_least_loaded_worker_gets_the_next_task()
    {
        var rig = new DispatcherRig();
        var wide = rig.Open(0, concurrency: 3);
        var narrow = rig.Open(1, concurrency: 1);
        var tasks = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        Assert.Equal([wide, narrow, wide, wide], tasks.Select(static t => t.Endpoint));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_equally_loaded_workers_the_one_that_finished_last_gets_the_next_task(int last)
    {
        var rig = new DispatcherRig();
        var workers = Enumerable.Range(0, 3).Select(i => rig.Open(i)).ToList();
        var tasks = workers.Select(_ => rig.Submit()).ToList();
        workers.ForEach(w => rig.Pump(w));
        foreach (var worker in workers.Except([workers[last]]).Append(workers[last]))
        {
            rig.Now++;
            rig.Succeed(tasks.Find(t => t.Endpoint == worker)!);
        }

        Assert.Equal(workers[last], rig.Submit().Endpoint);
    }

    /// <summary>So that <c>Recycling.MaxIdle</c> finds somebody after a busy hour.</summary>
    [Fact]
    public void A_load_that_one_worker_can_carry_is_carried_by_one_and_the_others_get_idle()
    {
        var rig = new DispatcherRig();
        var workers = Enumerable.Range(0, 3).Select(i => rig.Open(i)).ToList();
        var busy = workers.Select(_ => rig.Submit()).ToList();
        workers.ForEach(w => rig.Pump(w));
        foreach (var task in busy)
        {
            rig.Now++;
            rig.Succeed(task);
        }

        for (var i = 0; i < 100; i++)
        {
            var task = rig.Submit();
            Assert.Equal(workers[2], task.Endpoint);
            rig.Pump(workers[2]);
            rig.Now++;
            rig.Succeed(task);
        }

        // Now and then two at a time: the coldest is still left alone.
        for (var i = 0; i < 100; i++)
        {
            TaskEntry[] pair = [rig.Submit(), rig.Submit()];
            workers.ForEach(w => rig.Pump(w));
            Assert.DoesNotContain(pair, t => t.Endpoint == workers[0]);
            rig.Now++;
            Assert.All(pair, t => rig.Succeed(t));
        }

        Assert.Equal(1, workers[0].Finished);
    }

    [Fact]
    public void What_a_dead_worker_never_started_goes_to_the_front_in_its_old_order()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 4);
        var sent = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        var waiting = rig.Submit();
        rig.Pump(endpoint);

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, started: 1, running: 1));

        var next = rig.Open(1, concurrency: 10);
        Assert.Equal([sent[1], sent[2], sent[3], waiting], rig.Pump(next));
        Assert.All(sent.Skip(1), static t => Assert.Equal(1, t.Attempt));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_worker_gives_back_goes_to_the_front_in_its_old_order(bool newestFirst)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 4);
        var sent = Enumerable.Range(0, 4).Select(_ => rig.Submit()).ToList();
        var waiting = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.EndpointDraining(endpoint);

        ulong[] back = [2, 3, 4];
        rig.Recall(endpoint, newestFirst ? [.. back.Reverse()] : back);

        var next = rig.Open(1, concurrency: 10);
        Assert.Equal([sent[1], sent[2], sent[3], waiting], rig.Pump(next));
    }

    [Fact]
    public void A_stopping_pool_takes_nothing_new_and_says_so()
    {
        var rig = new DispatcherRig();
        rig.Open();
        rig.Dispatcher.BeginStop();
        var refusal = rig.TrySubmit(rig.Make());
        Assert.Equal(TaskFailureKind.Rejected, refusal!.Kind);
        Assert.Contains("stopping", refusal.Message, StringComparison.Ordinal);
    }
}
