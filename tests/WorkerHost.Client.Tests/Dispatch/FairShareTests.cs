using System.Globalization;

namespace WorkerHost.Client.Tests;

/// <summary>Whose turn it is when tasks of several callers wait.</summary>
[Trait("Scenario", "52")]
public sealed class FairShareTests
{
    private readonly DispatcherRig rig = new();
    private readonly CallerShare flood = new();
    private readonly CallerShare small = new();

    [Fact]
    public void A_flood_of_one_caller_and_the_few_tasks_of_another_get_alternate_turns()
    {
        var flooded = Enumerable.Range(0, 1000).Select(_ => rig.Submit(share: flood)).ToList();
        var few = Enumerable.Range(0, 10).Select(_ => rig.Submit(share: small)).ToList();

        var sent = rig.Pump(rig.Open(concurrency: 30));

        Assert.Equal(flooded.Take(10).Zip(few, static (one, other) => new[] { one, other }).SelectMany(static pair => pair), sent.Take(20));
        Assert.Equal(flooded.Skip(10).Take(10), sent.Skip(20));
    }

    [Fact]
    public void The_program_that_owns_the_pool_is_a_caller_like_the_others()
    {
        Flood(100, flood);
        var own = Enumerable.Range(0, 5).Select(_ => rig.Submit()).ToList();

        Assert.Equal(own, rig.Pump(rig.Open(concurrency: 10)).Where(static t => t.Share is null));
    }

    [Fact]
    public void Who_comes_anew_begins_where_the_others_are_and_does_not_make_up_for_the_past()
    {
        var endpoint = rig.Open();
        Flood(200, flood);
        var turns = Turns(endpoint, 100);
        Assert.All(turns, t => Assert.Same(flood, t.Share));

        Flood(50, small);

        Assert.InRange(Turns(endpoint, 20).Count(t => t.Share == small), 9, 11);
    }

    [Fact]
    public void Who_waited_for_nothing_has_saved_up_no_turns()
    {
        var endpoint = rig.Open();
        Flood(1, small);
        Turns(endpoint, 1);
        Flood(200, flood);
        Turns(endpoint, 100);

        Flood(50, small);

        Assert.InRange(Turns(endpoint, 20).Count(t => t.Share == small), 9, 11);
    }

    /// <summary>Going away between two tasks is no way to be served first.</summary>
    [Fact]
    public void Who_is_away_between_two_long_tasks_has_had_the_first_one_all_the_same()
    {
        var endpoint = rig.Open();
        Learn(endpoint, "1000000");
        Learn(endpoint, "100000");
        Flood(1, flood, "1000000");
        Flood(100, small);
        Assert.Same(flood, Turns(endpoint, 1)[0].Share);
        Turns(endpoint, 2);

        Flood(10, flood, "1000000");

        // A second of a lane for the one is ten tasks of the other: two of them it has had, and one runs.
        Assert.Equal(8, Turns(endpoint, 30).FindIndex(t => t.Share == flood));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Callers_share_the_time_of_the_lanes_and_not_the_number_of_tasks(bool known)
    {
        var endpoint = rig.Open();
        if (known)
        {
            Learn(endpoint, "5000000");
            Learn(endpoint, "30000");
        }

        Flood(100, flood, "5000000");
        Flood(1000, small, "30000");
        var turns = Turns(endpoint, 500);

        // Fifteen seconds for each: what was not known at first is made up for.
        Assert.InRange(turns.Count(t => t.Share == flood), 2, 4);
    }

    [Fact]
    public void What_a_task_took_longer_than_others_of_its_name_is_held_against_its_caller()
    {
        var endpoint = rig.Open();
        Learn(endpoint, "100000");
        Flood(100, flood);
        Flood(100, small);
        var first = endpoint.InFlight.InOrder()[0];
        Assert.Same(flood, first.Share);
        rig.Pump(endpoint);
        rig.Succeed(first, 1_000_000);

        // Ten tasks' worth it was; but by now each is thought to take twice as long.
        Assert.InRange(Turns(endpoint, 30).FindIndex(t => t.Share == flood), 4, 10);
    }

    [Fact]
    public void What_nobody_else_wanted_is_held_against_nobody()
    {
        var endpoint = rig.Open();
        Learn(endpoint, "100000");
        Flood(1, flood);
        rig.Pump(endpoint);
        rig.Succeed(endpoint.InFlight.InOrder()[0], 10_000_000);
        Flood(100, small);
        Flood(100, flood);

        Assert.InRange(Turns(endpoint, 20).Count(t => t.Share == flood), 9, 11);
    }

    [Fact]
    public void A_task_that_its_worker_died_with_has_had_its_time()
    {
        var endpoint = rig.Open();
        Learn(endpoint, "100000");
        Flood(1, flood);
        rig.Pump(endpoint);
        var running = endpoint.InFlight.InOrder()[0].Sequence;
        Flood(50, small);
        Flood(50, flood);
        rig.Now += TimeSpan.TicksPerSecond;

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, started: running, running));

        // A second instead of a tenth of it.
        Assert.InRange(Turns(rig.Open(1), 30).FindIndex(t => t.Share == flood), 9, 10);
    }

    [Fact]
    public void Calls_that_do_not_say_how_long_they_ran_count_as_long_as_they_took()
    {
        var endpoint = rig.Open(prefetches: false);
        Flood(50, flood, "1000000");
        Flood(50, small, "100000");
        List<CallerShare?> turns = [];
        for (var i = 0; i < 33; i++)
        {
            rig.Pump(endpoint);
            var running = endpoint.InFlight.InOrder()[0];
            turns.Add(running.Share);
            rig.Now += long.Parse(running.Task, CultureInfo.InvariantCulture) * TimeSpan.TicksPerMicrosecond;
            rig.Answer(endpoint, running.Sequence, AttemptOutcome.Success(new byte[1], ContentType.Json), -1);
        }

        Assert.InRange(turns.Count(s => s == flood), 3, 4);
    }

    [Fact]
    public void What_comes_back_unstarted_was_no_turn()
    {
        var first = rig.Open();
        var flooded = rig.Submit(share: flood);
        var waiting = rig.Submit(share: flood);
        var other = rig.Submit(share: small);
        rig.Pump(first);

        rig.EndAndDie(first, DispatcherRig.Evidence(first, started: 0));

        Assert.Equal([flooded, other, waiting], rig.Pump(rig.Open(1, concurrency: 3)));
    }

    [Fact]
    public void A_cancelled_task_was_no_turn_and_leaves_no_place_behind()
    {
        var cancelled = rig.Submit(share: flood);
        var other = rig.Submit(share: small);
        var last = rig.Submit(share: flood);
        Assert.True(rig.Dispatcher.Cancel(cancelled, rig.Now));

        Assert.Equal([other, last], rig.Pump(rig.Open(concurrency: 2)).OrderBy(static t => t.Number));
        Assert.Equal((0, 0L, 0, 0L), (flood.Tasks, flood.Bytes, small.Tasks, small.Bytes));
    }

    [Fact]
    public void Callers_take_turns_within_a_priority_and_priorities_go_before()
    {
        var low = Enumerable.Range(0, 3).Select(_ => rig.Submit(options: new TaskOptions { Priority = TaskPriority.Low }, share: small)).ToList();
        var normal = Enumerable.Range(0, 3).Select(_ => rig.Submit(share: flood)).ToList();

        Assert.Equal(normal.Concat(low), rig.Pump(rig.Open(concurrency: 6)));
    }

    [Fact]
    public void A_share_belongs_to_one_pool()
    {
        rig.Submit(share: flood);
        var other = new DispatcherRig();
        Assert.Contains("one pool", Assert.Throws<InvalidOperationException>(() => other.TrySubmit(other.Make(share: flood))).Message, StringComparison.Ordinal);
    }

    /// <summary>One lane: each turn ends what runs, after as many microseconds as its name says, and begins the next.</summary>
    private List<TaskEntry> Turns(EndpointState endpoint, int count)
    {
        List<TaskEntry> began = [];
        for (; count > 0; count--)
        {
            rig.Pump(endpoint);
            var running = endpoint.InFlight.InOrder()[0];
            rig.Succeed(running, long.Parse(running.Task, CultureInfo.InvariantCulture));
            began.Add(running);
        }

        return began;
    }

    private void Learn(EndpointState endpoint, string name) => PrefetchTests.Teach(rig, endpoint, name, long.Parse(name, CultureInfo.InvariantCulture));

    private void Flood(int tasks, CallerShare share, string name = "100000")
    {
        for (; tasks > 0; tasks--)
        {
            rig.Submit(name, share: share);
        }
    }
}
