using CsCheck;

namespace WorkerHost.Supervision.Tests.Slots;

/// <summary>Any life a crew can have, from a seed. Whatever happened: once nothing more goes wrong, it is whole again.</summary>
public sealed class CrewSimulationTests
{
    private static readonly ExitFacts[] Ends =
    [
        ExitFacts.Signalled(9), ExitFacts.Signalled(11), ExitFacts.Exited(0), ExitFacts.Exited(1), ExitFacts.Exited(WorkerExitCode.Recycle),
        ExitFacts.Exited(WorkerExitCode.Misconfigured), ExitFacts.NotStarted("gone"),
    ];

    [Fact]
    [Trait("Scenario", "41")]
    [Trait("Scenario", "42")]
    public void Whatever_happens_a_crew_becomes_whole_again() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 2], Gen.Int[1, 3], Gen.Int[0, 1_000_000].Array[0, 150], Gen.Int[0, int.MaxValue])
            .Sample((workers, spares, surge, dice, seed) => Live(new CrewWorld(workers, spares, surge, seed: seed), dice), iter: 5_000);

    [Fact]
    [Trait("Scenario", "19")]
    public void Ten_thousand_kills_leave_nothing_behind()
    {
        var restart = new RestartOptions { MinBackoff = TimeSpan.FromMilliseconds(1), Intensity = 100_000 };
        var world = new CrewWorld(workers: 8, spares: 1, restart: restart).Start().AllBoot();
        var random = new Random(7);
        for (var i = 0; i < 10_000; i++)
        {
            var alive = world.Processes.Keys.ToArray();
            world.Now += TimeSpan.FromMilliseconds(random.Next(50));
            world.Exit(alive[random.Next(alive.Length)], ExitFacts.Signalled(9), finished: random.Next(2));
            if (random.Next(2) == 0)
            {
                world.AllBoot();
            }

            while (world.Alive == 0 && world.FireTimer())
            {
            }
        }

        Quiet(world);
        Assert.Equal((8, 1, 9), (world.Serving.Length, world.Spares.Length, world.Alive));
        Assert.Equal(10_000, world.Reports.Count);
        Assert.Equal(10_009, world.Spawns);
        Assert.InRange(world.Crew.Slots.Count, 9, 10);
    }

    private static void Live(CrewWorld world, int[] dice)
    {
        world.Start();
        foreach (var die in dice)
        {
            world.Now += TimeSpan.FromMilliseconds(die % 1499);
            Step(world, die % 16, die / 16);
        }

        Quiet(world);
        var size = world.Crew.Size;
        Assert.Equal((size.Workers, size.Spares), (world.Serving.Length, world.Spares.Length));
        Assert.Equal(size.Workers + size.Spares, world.Alive);
        Assert.True(world.Crew.IsComplete);
        Assert.All(world.Crew.Slots, s => Assert.True(s.Machine.State is SlotState.Ready or SlotState.Empty));

        world.Stopping = true;
        world.Stop();
        world.LeaversGo();
        Assert.Equal(0, world.Alive);
        Assert.True(world.Crew.HasStopped);
        Assert.Equal(world.Spawns, world.Reports.Count);
    }

    private static void Step(CrewWorld world, int what, int detail)
    {
        var booting = world.Processes.Where(p => p.Value.Boots).Select(p => p.Key).ToArray();
        var alive = world.Processes.Keys.ToArray();
        switch (what)
        {
            case 0 or 1 or 2 or 3 when booting.Length > 0:
                world.Boot(booting[detail % booting.Length]);
                break;
            case 4 or 5 or 6 when alive.Length > 0:
                world.Exit(alive[detail % alive.Length], Ends[detail % Ends.Length], detail % 3);
                break;
            case 7 when alive.Length > 0:
                world.Recycle(alive[detail % alive.Length]);
                break;
            case 8 when alive.Length > 0:
                world.Kill(alive[detail % alive.Length], detail % 3);
                break;
            case 15 when alive.Length > 0:
                world.Condemn(alive[detail % alive.Length], detail % 2 == 0 ? LeaveKind.Hang : LeaveKind.Limit);
                break;
            case 9 or 10:
                world.FireTimer();
                break;
            case 11 or 12:
                world.LeaversGo();
                break;
            case 13 when detail % 4 == 0:
                world.Shrunk = true;
                world.Resize(detail / 4 % 6, detail % 3);
                break;
            case 14 when detail % 4 == 0:
                world.Restart(rolling: detail % 8 != 0);
                break;
            default:
                break;
        }
    }

    /// <summary>From now on everything boots, and who is told to leave does so.</summary>
    private static void Quiet(CrewWorld world)
    {
        if (world.Crew.Size.Workers == 0)
        {
            world.Resize(1);
        }

        for (var i = 0; i < 1000; i++)
        {
            world.AllBoot();
            world.LeaversGo();
            if (!world.Processes.Any(p => p.Value.Boots || p.Value.ToldToLeave) && !world.FireTimer())
            {
                return;
            }
        }

        Assert.Fail("it does not come to rest");
    }
}
