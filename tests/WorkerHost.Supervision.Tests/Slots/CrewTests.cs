namespace WorkerHost.Supervision.Tests.Slots;

public sealed class CrewTests
{
    [Fact]
    public void Spares_come_up_behind_the_first_workers()
    {
        var world = new CrewWorld(workers: 2, spares: 1).Start();
        Assert.Equal(2, world.Alive);
        world.AllBoot();
        Assert.Equal([0, 1], world.Serving);
        Assert.Equal([2], world.Spares);
    }

    [Fact]
    public void A_spare_takes_the_place_of_a_dead_worker_at_once_and_is_replaced_behind()
    {
        var world = new CrewWorld(workers: 2, spares: 1).Start().AllBoot();
        world.Exit(0);
        Assert.Equal([1, 2], world.Serving);
        Assert.True(world.Processes[0].Boots);
        world.Boot(0);
        Assert.Equal([1, 2], world.Serving);
        Assert.Equal([0], world.Spares);
    }

    [Fact]
    public void A_crash_looping_worker_s_place_is_taken_by_the_spare()
    {
        var world = new CrewWorld(workers: 2, spares: 1).Start();
        world.Boot(1);
        for (var i = 0; i < 6; i++)
        {
            world.Exit(0, finished: 0);
            if (i < 5)
            {
                world.FireTimer(0);
            }
        }

        Assert.Equal(SlotState.CrashLooping, world.Crew.Slots[0].Machine.State);
        world.AllBoot();
        Assert.Equal([1, 2], world.Serving);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [Trait("Scenario", "41")]
    public void A_recycled_worker_leaves_only_when_its_replacement_is_ready(int workers, int spares)
    {
        var world = new CrewWorld(workers, spares).Start().AllBoot();
        world.NeverBelow(workers);
        for (var i = 0; i < 100; i++)
        {
            var leaver = world.Serving[i % workers];
            world.Recycle(leaver);
            world.AllBoot();
            Assert.DoesNotContain(leaver, world.Serving);
            world.LeaversGo();
            world.AllBoot();
            Assert.Equal((workers, spares, workers + spares), (world.Serving.Length, world.Spares.Length, world.Alive));
        }
    }

    [Fact]
    [Trait("Scenario", "23")]
    public void Waiting_is_of_use_again_as_soon_as_a_probe_has_become_ready()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start();
        var machine = world.Crew.Slots[0].Machine;
        for (var i = 0; i < 6; i++)
        {
            world.Exit(0, finished: 0);
            world.FireTimer(0);
        }

        Assert.True(machine.BreakerOpen);
        world.Boot(0);
        Assert.False(machine.BreakerOpen);
        Assert.True(machine.IsOnProbation(world.Now));
        Assert.False(machine.IsOnProbation(world.Now + new RestartOptions().StableAfter));
        world.Recycle(0);
        world.Kill(0, graceSeconds: 2);
        Assert.Equal(SlotState.Draining, machine.State);
        Assert.False(machine.BreakerOpen);
    }

    [Fact]
    public void A_recycled_worker_whose_replacement_cannot_boot_stays()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start().AllBoot();
        world.NeverBelow(1);
        world.Recycle(0);
        for (var i = 0; i < 20; i++)
        {
            world.Exit(1, ExitFacts.Exited(1), finished: 0);
            if (!world.Processes.ContainsKey(1))
            {
                world.FireTimer(1);
            }
        }

        Assert.Equal([0], world.Serving);
        world.Boot(1);
        Assert.Equal([1], world.Serving);
    }

    [Fact]
    public void A_worker_that_died_while_another_was_being_replaced_is_not_started_again_when_there_are_enough_without_it()
    {
        var world = new CrewWorld(workers: 2, spares: 0, maxSurge: 2).Start().AllBoot();
        world.Recycle(0);
        world.Exit(1, finished: 0);
        world.AllBoot();
        Assert.Equal([2, 3], world.Serving);
        Assert.Equal(SlotState.Empty, world.Crew.Slots[1].Machine.State);
        world.LeaversGo();
        Assert.Equal(2, world.Alive);
        Assert.True(world.Crew.IsComplete);
        Assert.False(world.FireTimer());
    }

    [Fact]
    public void Of_several_replacements_that_could_not_boot_only_as_many_are_tried_again_as_are_needed()
    {
        var world = new CrewWorld(workers: 1, spares: 0, maxSurge: 4).Start().AllBoot();
        world.Recycle(0);
        for (var slot = 1; slot < 4; slot++)
        {
            world.Exit(slot, ExitFacts.Exited(1), finished: 0);
        }

        Assert.True(world.Processes[4].Boots);
        world.FireTimer(1);
        Assert.True(world.Processes[1].Boots);
        Assert.All(world.Crew.Slots.Skip(2), s => Assert.False(s.Machine.IsManned));
    }

    [Fact]
    [Trait("Scenario", "24")]
    public void Who_has_a_grace_before_it_is_killed_is_replaced_meanwhile()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start().AllBoot();
        world.Kill(0, graceSeconds: 5);
        Assert.True(world.Processes[1].Boots);
        world.Boot(1);
        Assert.Equal([1], world.Serving);
        world.LeaversGo();
        Assert.Equal(1, world.Alive);
        Assert.Contains("0#1 Ordered: none: there are enough without it", world.Reports);
    }

    [Fact]
    [Trait("Scenario", "24")]
    public void Who_does_not_even_go_when_killed_is_not_waited_for()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start().AllBoot();
        world.Kill(0, graceSeconds: 0);
        Assert.Equal(1, world.Alive);
        world.FireTimer();
        world.Boot(1);
        Assert.Equal([1], world.Serving);
        world.Exit(0);
        Assert.Equal(SlotState.Empty, world.Crew.Slots[0].Machine.State);
    }

    [Theory]
    [InlineData(LeaveKind.Hang, "0#1 Hang: restart at once")]
    [InlineData(LeaveKind.Limit, "0#1 Limit: restart at once")]
    internal void A_condemned_worker_is_killed_at_once_and_its_place_taken_by_the_spare(LeaveKind kind, string report)
    {
        var world = new CrewWorld(workers: 2, spares: 1).Start().AllBoot();
        world.NeverBelow(2);
        world.Condemn(0, kind);
        Assert.Equal([1, 2], world.Serving);
        Assert.True(world.Processes[0].Hurried);
        world.Exit(0);
        Assert.Contains(report, world.Reports);
        world.AllBoot();
        Assert.Equal((2, 1), (world.Serving.Length, world.Spares.Length));
    }

    [Fact]
    public void A_worker_that_hangs_while_it_drains_is_not_waited_for_until_the_drain_ends()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start().AllBoot();
        world.Recycle(0);
        world.AllBoot();
        world.Condemn(0, LeaveKind.Hang);
        Assert.True(world.Processes[0].Hurried);
        world.Exit(0);
        Assert.Contains("0#1 Hang: none: there are enough without it", world.Reports);
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(4, 0, 2)]
    [InlineData(4, 1, 3)]
    [Trait("Scenario", "44")]
    public void A_rolling_restart_replaces_everybody_and_never_has_fewer(int workers, int spares, int surge)
    {
        var world = new CrewWorld(workers, spares, surge).Start().AllBoot();
        world.NeverBelow(workers);
        world.Restart();
        for (var i = 0; i < 50 && !world.Crew.HasReached(2); i++)
        {
            world.AllBoot();
            world.LeaversGo();
        }

        world.AllBoot();
        Assert.True(world.Crew.HasReached(2));
        Assert.All(world.Crew.Slots.Where(s => s.IsOccupied), s => Assert.Equal(2, s.Generation));
        Assert.Equal((workers, spares), (world.Serving.Length, world.Spares.Length));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [Trait("Scenario", "44")]
    public void A_generation_that_cannot_boot_stops_the_roll_and_the_old_one_serves_on(int workers, int spares)
    {
        var world = new CrewWorld(workers, spares).Start().AllBoot();
        world.NeverBelow(workers);
        world.Restart();
        world.LeaversGo();
        var young = world.Processes.First(p => p.Value.Boots).Key;
        world.Exit(young, ExitFacts.Exited(1), finished: 0);
        Assert.Equal(2, world.Crew.FailedGeneration);
        Assert.Equal(workers, world.Serving.Length);
        Assert.All(world.Serving, s => Assert.Equal(1, world.Crew.Slots[s].Generation));
        Assert.All(world.Serving, s => Assert.Null(world.Crew.Slots[s].Wish));
    }

    [Theory]
    [InlineData(false, 1, 0)]
    [InlineData(false, 2, 1)]
    [InlineData(true, 2, 0)]
    [Trait("Scenario", "44")]
    public void A_restart_is_given_up_where_nobody_serves_when_every_new_worker_has_failed_and_trying_goes_on(bool rolling, int workers, int spares)
    {
        var world = new CrewWorld(workers, spares).Start().AllBoot();
        if (rolling)
        {
            // None of the old ones is left to serve on.
            foreach (var slot in world.Serving)
            {
                world.Exit(slot);
            }
        }

        world.Restart(rolling);
        world.LeaversGo();
        var wanted = world.Processes.Where(p => p.Value.Boots).Select(p => p.Key).ToArray();
        Assert.Equal(workers + spares, wanted.Length);
        foreach (var slot in wanted)
        {
            Assert.Equal(0, world.Crew.FailedGeneration);
            world.Exit(slot, ExitFacts.Exited(1), finished: 0);
        }

        Assert.Equal((2, 0), (world.Crew.FailedGeneration, world.Crew.Serving));
        Assert.False(world.Crew.HasReached(2));
        Array.ForEach(wanted, world.FireTimer);
        world.AllBoot();
        Assert.True(world.Crew.HasReached(2));
        Assert.Equal((workers, spares), (world.Serving.Length, world.Spares.Length));
    }

    [Fact]
    [Trait("Scenario", "44")]
    public void A_restart_is_given_up_where_nobody_serves_though_old_workers_still_finish_what_they_have()
    {
        var world = new CrewWorld(workers: 2, spares: 0).Start().AllBoot();
        world.Restart(rolling: false);
        world.Exit(world.Processes.Single(p => p.Value.Boots).Key, ExitFacts.Exited(1), finished: 0);
        Assert.Equal(2, world.Crew.FailedGeneration);
    }

    [Fact]
    [Trait("Scenario", "44")]
    public void Boots_that_fail_after_a_restart_has_reached_its_end_do_not_give_it_up()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start().AllBoot();
        world.Restart(rolling: false);
        world.LeaversGo();
        world.AllBoot();
        world.Exit(world.Serving[0]);
        world.Exit(world.Processes.Single().Key, ExitFacts.Exited(1), finished: 0);
        Assert.Equal(0, world.Crew.FailedGeneration);
    }

    [Fact]
    [Trait("Scenario", "44")]
    public void A_roll_that_is_given_up_takes_nobodys_own_reason_to_leave_away()
    {
        var world = new CrewWorld(workers: 2, spares: 0).Start().AllBoot();
        world.Recycle(0);
        world.Restart();
        world.Exit(world.Processes.First(p => p.Value.Boots).Key, ExitFacts.Exited(1), finished: 0);
        Assert.Equal(2, world.Crew.FailedGeneration);
        Assert.NotNull(world.Crew.Slots[0].Wish);
        Assert.Null(world.Crew.Slots[1].Wish);
    }

    [Fact]
    [Trait("Scenario", "44")]
    public void A_second_restart_takes_over_from_the_first()
    {
        var world = new CrewWorld(workers: 3, spares: 0).Start().AllBoot();
        world.NeverBelow(3);
        world.Restart();
        world.AllBoot();
        world.Restart();
        for (var i = 0; i < 50 && !world.Crew.HasReached(3); i++)
        {
            world.AllBoot();
            world.LeaversGo();
        }

        Assert.True(world.Crew.HasReached(2));
        Assert.True(world.Crew.HasReached(3));
    }

    [Fact]
    public void Scaling_up_starts_the_missing_and_scaling_down_lets_the_superfluous_finish()
    {
        var world = new CrewWorld(workers: 2, spares: 1).Start().AllBoot();
        world.Resize(4);
        world.AllBoot();
        Assert.Equal((4, 1), (world.Serving.Length, world.Spares.Length));
        world.Shrunk = true;
        world.Resize(1, spares: 0);
        Assert.Single(world.Serving);
        world.LeaversGo();
        Assert.Equal(1, world.Alive);
        Assert.True(world.Crew.IsComplete);
        world.Resize(0, spares: 0);
        world.LeaversGo();
        Assert.Equal(0, world.Alive);
        world.Shrunk = false;
        world.Resize(2, spares: 1);
        world.AllBoot();
        Assert.Equal((2, 1), (world.Serving.Length, world.Spares.Length));
    }

    [Fact]
    public void A_superfluous_worker_that_is_only_starting_is_killed_at_once_and_nobody_else_goes()
    {
        var world = new CrewWorld(workers: 3, spares: 0).Start();
        world.Boot(0);
        world.Shrunk = true;
        world.Resize(2);
        Assert.Equal([2], world.Processes.Where(p => p.Value.Hurried).Select(p => p.Key));
        world.Boot(1);
        Assert.Equal([0, 1], world.Serving);
        world.Exit(2);
        Assert.Contains("2#1 Recycle: none: there are enough without it", world.Reports);
        Assert.Equal((2, 2), (world.Alive, world.Serving.Length));
    }

    [Fact]
    [Trait("Scenario", "42")]
    public void No_replacement_survives_a_stop()
    {
        var world = new CrewWorld(workers: 2, spares: 0).Start().AllBoot();
        world.Recycle(0);
        world.Stopping = true;
        world.Stop();
        world.LeaversGo();
        Assert.Equal(0, world.Alive);
        Assert.True(world.Crew.HasStopped);
    }

    [Fact]
    public void A_request_for_an_incarnation_that_is_gone_changes_nothing()
    {
        var world = new CrewWorld(workers: 1, spares: 0).Start().AllBoot();
        world.Exit(0);
        world.AllBoot();
        Assert.Empty(world.Crew.Handle(0, new SlotEvent.RecycleRequested(world.Now, 1, "too old")));
        Assert.Null(world.Crew.Slots[0].Wish);
    }
}
