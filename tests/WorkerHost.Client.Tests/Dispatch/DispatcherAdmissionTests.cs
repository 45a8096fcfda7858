namespace WorkerHost.Client.Tests;

/// <summary>A task that would wait beyond its time limit is refused at once, and no other is.</summary>
public sealed class DispatcherAdmissionTests
{
    private static readonly TaskOptions OneSecond = new() { TimeLimit = TimeSpan.FromSeconds(1) };

    [Fact]
    [Trait("Scenario", "53")]
    public void A_task_that_would_not_begin_in_time_is_refused_with_the_reckoning_and_a_time_to_come_again()
    {
        var rig = Backlog("slow", 100_000, tasks: 21);

        var entry = rig.Make(options: OneSecond);
        var refusal = rig.TrySubmit(entry)!;

        Assert.Equal((TaskFailureKind.Rejected, true), (refusal.Kind, refusal.NeverStarted));
        Assert.Equal(1, refusal.RetryAfter!.Value.TotalSeconds, 0.001);
        Assert.Contains("time limit of 1 s (TaskOptions.TimeLimit): 21 tasks wait before it that take at least 2.1 s together, and there are 1 lanes", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("WorkerPoolOptions.AdmitByDeadline", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((TaskPhase.New, 22), (entry.Phase, rig.Dispatcher.Unsettled));
        Assert.False(rig.Dispatcher.WaitingHelps(entry, refusal));
    }

    [Theory]
    [InlineData(13, true)]
    [InlineData(14, false)]
    public void A_quarter_more_than_the_limit_is_still_tried(int waiting, bool accepted) =>
        Assert.Equal(accepted, Backlog("slow", 100_000, waiting).TrySubmit(new TaskEntry(99, "other", OneSecond, new byte[1], ContentType.Json, 1)) is null);

    [Fact]
    public void A_task_without_a_limit_waits_as_long_as_it_takes() => Backlog("slow", 100_000, tasks: 1000).Submit();

    [Fact]
    public void Switched_off_nobody_is_refused() => Backlog("slow", 100_000, 1000, new DispatcherOptions { AdmitByDeadline = false }).Submit(options: OneSecond);

    [Fact]
    public void Nobody_is_refused_while_a_lane_is_free_however_long_such_tasks_take()
    {
        var rig = Learned("slow", 60_000_000);
        rig.Submit("slow", OneSecond);
    }

    [Fact]
    public void What_was_seen_too_seldom_does_not_count()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        for (var i = 0; i < ServiceTime.EnoughSamples - 1; i++)
        {
            PrefetchTests.Teach(rig, endpoint, "slow", 100_000);
        }

        for (var i = 0; i < 1000; i++)
        {
            rig.Submit("slow");
        }

        rig.Submit(options: OneSecond);
    }

    [Fact]
    public void Nobody_is_refused_while_there_is_no_worker()
    {
        var rig = Backlog("slow", 100_000, tasks: 1000);
        rig.EndAndDie(rig.Dispatcher.Endpoints[0]);
        rig.Submit(options: OneSecond);
    }

    [Fact]
    public void More_workers_mean_less_waiting_and_a_spare_may_be_one()
    {
        var rig = Backlog("slow", 100_000, tasks: 25);
        Assert.NotNull(rig.TrySubmit(rig.Make(options: OneSecond)));
        var spare = rig.Endpoint(slot: 1);
        spare.Reserved = true;
        rig.Dispatcher.EndpointOpened(spare, rig.Now);
        rig.Submit(options: OneSecond);
    }

    [Fact]
    public void One_task_however_long_keeps_only_its_own_lane()
    {
        var rig = Learned("long", 60_000_000, concurrency: 2);
        rig.Submit();
        rig.Submit();
        rig.Submit("long");
        rig.Submit(options: OneSecond);
        rig.Submit("long");
        rig.Submit(options: OneSecond);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    public void One_that_took_very_long_does_not_make_the_others_look_long(int which)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        for (var i = 0; i < ServiceTime.EnoughSamples; i++)
        {
            PrefetchTests.Teach(rig, endpoint, "mostly short", i == which ? 60_000 : 6000);
        }

        rig.Submit();
        for (var i = 0; i < 100; i++)
        {
            rig.Submit("mostly short");
        }

        rig.Submit(options: OneSecond);
    }

    [Fact]
    public void What_became_quick_is_believed_at_once_also_of_those_that_wait()
    {
        var rig = Backlog("slow", 100_000, tasks: 100);
        Assert.NotNull(rig.TrySubmit(rig.Make(options: OneSecond)));
        var endpoint = rig.Dispatcher.Endpoints[0];
        rig.Pump(endpoint);
        for (var i = 0; i < 8; i++)
        {
            rig.Succeed(endpoint.InFlight.InOrder()[0], 1000);
            rig.Pump(endpoint);
        }

        rig.Submit(options: OneSecond);
    }

    [Fact]
    public void Who_left_the_queue_does_not_count_any_more()
    {
        var rig = Backlog("slow", 100_000, tasks: 10);
        var leaving = Enumerable.Range(0, 50).Select(_ => rig.Submit("slow")).ToList();
        Assert.NotNull(rig.TrySubmit(rig.Make(options: OneSecond)));
        Assert.All(leaving, e => Assert.True(rig.Dispatcher.Cancel(e, rig.Now)));
        rig.Submit(options: OneSecond);
    }

    [Fact]
    [Trait("Scenario", "52")]
    public void Only_those_count_that_go_before_by_their_priority()
    {
        var rig = Backlog("slow", 100_000, tasks: 100);
        rig.Submit(options: OneSecond with { Priority = TaskPriority.High });
        Assert.NotNull(rig.TrySubmit(rig.Make(options: OneSecond with { Priority = TaskPriority.Normal })));

        // Of a hundred above it only twelve surely go before its turn, and nobody knows which of them.
        rig.Submit(options: OneSecond with { Priority = TaskPriority.Low });
    }

    [Fact]
    public void A_few_of_a_higher_priority_count_for_a_lower_one()
    {
        var rig = Learned("slow", 1_000_000);
        rig.Submit();
        for (var i = 0; i < 10; i++)
        {
            rig.Submit("slow", new TaskOptions { Priority = TaskPriority.High });
        }

        Assert.Contains("10 tasks wait", rig.TrySubmit(rig.Make(options: OneSecond))!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "52")]
    public void The_flood_of_another_caller_is_no_reason_to_refuse_a_newcomer()
    {
        var rig = Learned("slow", 100_000);
        var flood = new CallerShare();
        for (var i = 0; i < 100; i++)
        {
            rig.Submit("slow", share: flood);
        }

        Assert.Contains("99 tasks wait before it", rig.TrySubmit(rig.Make(options: OneSecond, share: flood))!.Message, StringComparison.Ordinal);
        rig.Submit(options: OneSecond, share: new CallerShare());
        rig.Submit(options: OneSecond);
    }

    [Theory]
    [InlineData(126, "quick", true)]
    [InlineData(127, "quick", false)]
    [InlineData(1000, "never seen", true)]
    public void Where_several_callers_wait_each_task_of_ones_own_counts_as_the_shortest_that_waits(int own, string others, bool accepted)
    {
        var rig = Learned("slow", 100_000);
        for (var i = 0; i < ServiceTime.EnoughSamples; i++)
        {
            PrefetchTests.Teach(rig, rig.Dispatcher.Endpoints[0], "quick", 10_000);
        }

        var share = new CallerShare();
        rig.Submit("unknown");
        for (var i = 0; i < own; i++)
        {
            rig.Submit("slow", share: share);
        }

        rig.Submit(others, share: new CallerShare());
        Assert.Equal(accepted, rig.TrySubmit(rig.Make(options: OneSecond, share: share)) is null);
    }

    [Theory]
    [InlineData(13 + Dispatcher.LookAhead - 1, true)]
    [InlineData(14 + Dispatcher.LookAhead - 1, false)]
    public void A_task_with_a_key_may_overtake_some(int waiting, bool accepted)
    {
        var rig = Backlog("slow", 100_000, waiting);
        Assert.Equal(accepted, rig.TrySubmit(rig.Make("other", OneSecond with { AffinityKey = "model-7" })) is null);
    }

    [Fact]
    public void Names_too_many_to_be_learned_may_be_short()
    {
        var rig = Learned("slow", 100_000);
        rig.Submit("unknown");
        var share = new CallerShare();
        for (var i = 0; i < 4096; i++)
        {
            rig.Dispatcher.Cancel(rig.Submit($"name {i}"), rig.Now);
        }

        rig.Submit("one name too many", share: new CallerShare());
        for (var i = 0; i < 100; i++)
        {
            rig.Submit("slow", share: share);
        }

        rig.Submit(options: OneSecond, share: share);
    }

    /// <summary>Whatever waits, of whatever length and priority: had the refused task been let in, it would have come too late.</summary>
    [Theory]
    [InlineData(1, 100)]
    [InlineData(3, 50)]
    public void A_refusal_is_right_whenever_tasks_take_as_long_as_was_learned(int callers, int atLeast)
    {
        var refusals = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            refusals += RefusalIsRight(new Random(seed), callers) ? 1 : 0;
        }

        Assert.InRange(refusals, atLeast, 399);
    }

    private static bool RefusalIsRight(Random random, int callers)
    {
        CallerShare?[] shares = [null, .. Enumerable.Range(1, callers - 1).Select(static _ => new CallerShare())];
        var lanes = random.Next(1, 5);
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: lanes);
        var times = new Dictionary<string, long> { ["a"] = 10_000, ["b"] = 10_000 * random.Next(1, 20), ["c"] = 1_000_000L * random.Next(1, 60) };
        foreach (var (name, microseconds) in times)
        {
            for (var i = 0; i < ServiceTime.EnoughSamples; i++)
            {
                PrefetchTests.Teach(rig, endpoint, name, microseconds);
            }
        }

        var common = random.Next(1, 100);
        for (var i = random.Next(lanes + 1, 200); i > 0; i--)
        {
            var name = random.Next(100) < common ? "a" : random.Next(100) < 80 ? "b" : "c";
            rig.Submit(name, new TaskOptions { Priority = (TaskPriority)random.Next(random.Next(-2, 1), 3) }, share: shares[random.Next(5) == 0 ? random.Next(callers) : 0]);
        }

        // Something has gone on before.
        List<(long Ends, TaskEntry Entry)> running = [];
        for (var i = random.Next(0, 15); i > 0 && endpoint.InFlight.Count > 0; i--)
        {
            FinishNext(rig, endpoint, running, times);
        }

        var submitted = rig.Now;
        var options = new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(Math.Pow(10, random.NextDouble() * 4)), Priority = (TaskPriority)random.Next(-2, 3) };
        var share = shares[random.Next(callers)];
        if (rig.TrySubmit(rig.Make("a", options, share: share)) is null)
        {
            return false;
        }

        var let = rig.Submit("a", options with { TimeLimit = null }, share: share);
        while (let.Phase == TaskPhase.Queued)
        {
            FinishNext(rig, endpoint, running, times);
        }

        Assert.True(rig.Now - submitted > options.TimeLimit.Value.Ticks, $"began after {TimeSpan.FromTicks(rig.Now - submitted)}, and its limit is {options.TimeLimit}");
        return true;
    }

    private static void FinishNext(DispatcherRig rig, EndpointState endpoint, List<(long Ends, TaskEntry Entry)> running, Dictionary<string, long> times)
    {
        foreach (var entry in rig.Pump(endpoint))
        {
            running.Add((rig.Now + times[entry.Task] * TimeSpan.TicksPerMicrosecond, entry));
        }

        var next = running.MinBy(static r => r.Ends);
        running.Remove(next);
        rig.Now = next.Ends;
        rig.Succeed(next.Entry, times[next.Entry.Task]);
    }

    private static DispatcherRig Learned(string name, long microseconds, DispatcherOptions? options = null, int concurrency = 1)
    {
        var rig = new DispatcherRig(options);
        var endpoint = rig.Open(concurrency: concurrency);
        for (var i = 0; i < ServiceTime.EnoughSamples; i++)
        {
            PrefetchTests.Teach(rig, endpoint, name, microseconds);
        }

        return rig;
    }

    /// <summary>One worker with one lane, which is busy with something of unknown length, and so many tasks that wait.</summary>
    private static DispatcherRig Backlog(string name, long microseconds, int tasks, DispatcherOptions? options = null)
    {
        var rig = Learned(name, microseconds, options);
        rig.Submit("unknown");
        for (var i = 0; i < tasks; i++)
        {
            rig.Submit(name);
        }

        return rig;
    }
}
