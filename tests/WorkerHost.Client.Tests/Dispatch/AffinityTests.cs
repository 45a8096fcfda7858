using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>Tasks of one key and the worker that they prefer.</summary>
public sealed class AffinityTests
{
    private readonly DispatcherRig rig = new();

    [Fact]
    public void Tasks_of_one_key_go_to_the_same_worker_whoever_was_at_work_last()
    {
        var workers = Enumerable.Range(0, 4).Select(i => rig.Open(i)).ToList();
        var home = Run("model-7");
        for (var i = 0; i < 50; i++)
        {
            Run(null);
            Run($"other {i}");
            Assert.Same(home, Run("model-7"));
        }

        Assert.Contains(home, workers);
    }

    [Fact]
    public void Keys_spread_over_the_workers()
    {
        var workers = Enumerable.Range(0, 4).Select(i => rig.Open(i)).ToList();
        var homes = Enumerable.Range(0, 400).Select(i => Run($"key {i}")).CountBy(static w => w).ToDictionary();
        Assert.All(workers, w => Assert.InRange(homes[w], 60, 140));
    }

    [Fact]
    public void A_task_whose_worker_is_busy_goes_to_another_at_once_and_always_to_the_same()
    {
        for (var i = 0; i < 4; i++)
        {
            rig.Open(i);
        }

        var home = Run("model-7");
        EndpointState? second = null;
        for (var i = 0; i < 20; i++)
        {
            var one = rig.Submit(options: Of("model-7"));
            Assert.Same(home, one.Endpoint);
            var elsewhere = Run("model-7");
            Assert.NotSame(home, elsewhere);
            second ??= elsewhere;
            Assert.Same(second, elsewhere);
            rig.Pump(home);
            rig.Succeed(one);
        }
    }

    [Fact]
    public void The_worker_in_the_place_of_a_lost_one_has_its_keys()
    {
        for (var i = 0; i < 3; i++)
        {
            rig.Open(i);
        }

        var home = Run("model-7");
        rig.EndAndDie(home);
        var meanwhile = Run("model-7");
        Assert.NotEqual(home.Worker.Id.Slot, meanwhile.Worker.Id.Slot);

        var next = rig.Open(home.Worker.Id.Slot, incarnation: 2);

        Assert.Same(next, Run("model-7"));
    }

    [Fact]
    public void When_a_worker_comes_only_the_keys_that_it_gets_move()
    {
        for (var i = 0; i < 4; i++)
        {
            rig.Open(i);
        }

        var before = Enumerable.Range(0, 200).Select(i => Run($"key {i}")).ToList();
        var fifth = rig.Open(4);
        var after = Enumerable.Range(0, 200).Select(i => Run($"key {i}")).ToList();

        Assert.InRange(after.Count(w => w == fifth), 20, 60);
        Assert.All(before.Zip(after), pair => Assert.True(pair.Second == fifth || pair.Second == pair.First));
    }

    [Fact]
    public void A_worker_that_falls_free_gets_the_first_of_those_close_by_that_prefers_it()
    {
        rig.Open(0);
        rig.Open(1);
        var (left, right) = KeysOf(0, 1);
        var running = new[] { rig.Submit(options: Of(left)), rig.Submit(options: Of(right)) };
        List<TaskEntry> waiting = [.. "LLRLR".Select(c => rig.Submit(options: Of(c == 'L' ? left : right)))];

        Next(running[1], waiting[2]);
        Next(waiting[2], waiting[4]);
        Next(running[0], waiting[0]);
        Next(waiting[4], waiting[1]);
    }

    [Fact]
    public void One_is_overtaken_at_most_so_often_and_one_without_a_key_never()
    {
        rig.Open(0);
        rig.Open(1);
        var (left, right) = KeysOf(0, 1);
        var busy = rig.Submit(options: Of(left));
        var running = rig.Submit(options: Of(right));
        var patient = rig.Submit(options: Of(left));
        var others = Enumerable.Range(0, 30).Select(_ => rig.Submit(options: Of(right))).ToList();
        foreach (var other in others.Take(Dispatcher.LookAhead))
        {
            running = Next(running, other);
        }

        running = Next(running, patient);
        rig.Dispatcher.Cancel(others[^1], rig.Now);
        Assert.Equal(TaskPhase.Sent, busy.Phase);

        while (rig.Dispatcher.Queued > 0)
        {
            rig.Dispatcher.Cancel(others.First(static t => t.Phase == TaskPhase.Queued), rig.Now);
        }

        var head = rig.Submit(options: Of(left));
        rig.Submit();
        rig.Submit(options: Of(right));
        Next(running, head);
    }

    [Fact]
    public void What_was_tried_before_is_not_overtaken()
    {
        rig.Open(0);
        rig.Open(1);
        var (left, right) = KeysOf(0, 1);
        rig.Submit(options: Of(left));
        var failing = Next(rig.Submit(options: Of(right)), rig.Submit(options: Of(left)));
        rig.Pump(failing.Endpoint!);
        rig.Fail(failing, DispatcherRig.HandlerThrew(retryable: true));
        var running = rig.Submit(options: Of(right));
        rig.Submit(options: Of(right));
        Assert.True(rig.Dispatcher.Resubmit(failing, rig.Now));

        Next(running, failing);
    }

    [Fact]
    [Trait("Scenario", "53")]
    public void What_is_late_is_not_sent_for_its_key_either()
    {
        rig.Open(0);
        rig.Open(1);
        var (left, right) = KeysOf(0, 1);
        rig.Submit(options: Of(left));
        var running = rig.Submit(options: Of(right));
        rig.Submit(options: Of(left));
        var late = rig.Submit(options: Of(right) with { TimeLimit = TimeSpan.FromTicks(5) });
        var next = rig.Submit(options: Of(right));
        rig.Now += 10;

        Next(running, next);
        Assert.NotEqual(TaskPhase.Sent, late.Phase);
    }

    [Fact]
    public void Short_tasks_of_one_key_are_sent_ahead_to_their_worker_only_when_no_lane_is_free()
    {
        rig.Open(0);
        rig.Open(1);
        var home = Run("model-7", "short", 10);
        var tasks = Enumerable.Range(0, 6).Select(_ => rig.Submit("short", Of("model-7"))).ToList();

        Assert.Same(home, tasks[0].Endpoint);
        Assert.NotSame(home, tasks[1].Endpoint);
        Assert.All(tasks.Skip(2), t => Assert.Same(home, t.Endpoint));
    }

    [Theory]
    [InlineData("")]
    [InlineData("longest")]
    public void A_key_that_is_none_is_refused(string key) =>
        Assert.Contains(
            "TaskOptions.AffinityKey must have 1 to 1024 characters",
            Assert.Throws<ArgumentException>(() => new TaskOptions { AffinityKey = key.Length == 0 ? key : new string('x', 1025) }.Validate()).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Options_made_of_others_have_the_key_that_they_name()
    {
        var options = Of("a") with { Priority = TaskPriority.High };
        Assert.Equal(Of("a").AffinityHash, options.AffinityHash);
        Assert.Equal(Of("b").AffinityHash, (options with { AffinityKey = "b" }).AffinityHash);
        Assert.Equal(0UL, (options with { AffinityKey = null }).AffinityHash);
    }

    /// <summary>Whatever the keys are, they make nobody wait.</summary>
    [Fact]
    public void No_task_waits_while_a_lane_is_free() =>
        Gen.Select(Gen.Int[1, 4], Gen.Select(Gen.Int[0, 5], Gen.Bool).Array[1, 80]).Sample(
            static (workers, happenings) =>
            {
                var rig = new DispatcherRig();
                for (var i = 0; i < workers; i++)
                {
                    rig.Open(i, concurrency: 1 + i % 2);
                }

                foreach (var (key, comes) in happenings)
                {
                    if (comes)
                    {
                        rig.Submit(options: key == 0 ? null : Of($"key {key}"));
                    }
                    else if (rig.Dispatcher.Endpoints.FirstOrDefault(static e => e.InFlight.Count > 0) is { } busy)
                    {
                        rig.Pump(busy);
                        rig.Succeed(busy.InFlight.InOrder()[0], 1_000_000);
                    }

                    Assert.True(rig.Dispatcher.Queued == 0 || rig.Dispatcher.Endpoints.All(static e => e.InFlight.Count >= e.Concurrency));
                }
            },
            iter: 2_000,
            threads: 1);

    private static TaskOptions Of(string key) => new() { AffinityKey = key };

    /// <summary>Two keys, and the slots of which they prefer the workers.</summary>
    private static (string First, string Second) KeysOf(int first, int second)
    {
        var keys = Enumerable.Range(0, 100).Select(static i => $"key {i}");
        return (keys.First(k => Prefers(k, first, second)), keys.First(k => Prefers(k, second, first)));

        static bool Prefers(string key, int slot, int other) => Affinity.Weight(Affinity.Hash(key), slot) > Affinity.Weight(Affinity.Hash(key), other);
    }

    /// <summary>When this one ends the lane gets that one.</summary>
    private TaskEntry Next(TaskEntry ends, TaskEntry begins)
    {
        var endpoint = ends.Endpoint!;
        rig.Pump(endpoint);
        rig.Succeed(ends, 1_000_000);
        Assert.Equal([begins], endpoint.InFlight.InOrder());
        return begins;
    }

    /// <summary>Where it ran.</summary>
    private EndpointState Run(string? key, string name = "work", long microseconds = 1_000_000)
    {
        var task = rig.Submit(name, key is null ? null : Of(key));
        var endpoint = task.Endpoint!;
        rig.Pump(endpoint);
        rig.Now++;
        rig.Succeed(task, microseconds);
        return endpoint;
    }
}
