namespace WorkerHost.Supervision.Tests.Slots;

/// <summary>Every state against every event: what it leads to, or that it is ignored, or that it cannot happen.</summary>
public sealed class SlotTableTests
{
    private static readonly (string Name, Func<SlotWorld> Make)[] States =
    [
        ("Empty", () => new SlotWorld()),
        ("Starting", () => After(w => w.Start())),
        ("Ready", () => After(w => w.Start(), w => w.Booted())),
        ("Draining.Asked", () => After(w => w.Start(), w => w.Booted(), w => w.Recycle())),
        ("Draining.Overdue", () => After(w => w.Start(), w => w.Booted(), w => w.Recycle(), w => w.DrainTimedOut(running: 2))),
        ("Draining.Terminated", () => After(w => w.Start(), w => w.Booted(), w => w.Kill(2))),
        ("Draining.Killed", () => After(w => w.Start(), w => w.BootTimedOut())),
        ("Stopping.Asked", () => After(w => w.Start(), w => w.Booted(), w => w.Stop())),
        ("Stopping.Terminated", () => After(w => w.Start(), w => w.Booted(), w => w.Stop(), w => w.DrainTimedOut())),
        ("Stopping.Killed", () => After(w => w.Start(), w => w.Stop())),
        ("BackingOff", () => After(w => w.Start(), w => w.Crash())),
        ("CrashLooping", () => After(w => w.Start(), w => w.Exited(ExitFacts.Exited(WorkerExitCode.Misconfigured)))),
        ("Stopped", () => After(w => w.Stop())),
        ("Stopped.Abandoned", () => After(w => w.Start(), w => w.Stop(), w => w.GraceElapsed())),
    ];

    private static readonly (string Name, Func<SlotWorld, IEnumerable<SlotAction>> Do)[] Events =
    [
        ("Start", w => w.Start()),
        ("Booted", w => w.Booted()),
        ("Crash", w => w.Crash()),
        ("CrashAfterWork", w => w.Crash(finished: 3)),
        ("Exit75", w => w.Exited(ExitFacts.Exited(WorkerExitCode.Recycle))),
        ("BootTimedOut", w => w.BootTimedOut()),
        ("BackoffElapsed", w => w.BackoffElapsed()),
        ("DrainTimedOut", w => w.DrainTimedOut()),
        ("DrainTimedOut+2", w => w.DrainTimedOut(running: 2)),
        ("GraceElapsed", w => w.GraceElapsed()),
        ("Recycle", w => w.Recycle()),
        ("Rejected", w => w.Rejected()),
        ("Kill(1)", w => w.Kill(1)),
        ("Kill(0)", w => w.Kill(0)),
        ("Kill(9)", w => w.Kill(9)),
        ("Hang", w => w.Condemn(LeaveKind.Hang)),
        ("OverLimit", w => w.Condemn(LeaveKind.Limit)),
        ("Stop", w => w.Stop()),
        ("Vacate", w => w.Vacate()),
        ("CrashUnneeded", w => w.CrashUnneeded()),
    ];

    [Fact]
    [Trait("Scenario", "25")]
    public void Every_cell_of_the_slot_table_is_as_decided()
    {
        var actual = States.SelectMany(state => Events.Select(e => Cell(state, e))).ToArray();
        var expected = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "slot-table.txt")).Where(l => l.Length > 0 && l[0] != '#').ToArray();
        File.WriteAllLines(Path.Combine(AppContext.BaseDirectory, "slot-table.actual.txt"), actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Every_state_of_the_enum_has_its_rows()
    {
        Assert.Equal(
            Enum.GetValues<SlotState>().Order(),
            States.Select(s => s.Make().Machine.State).Distinct().Order());
    }

    [Fact]
    [Trait("Scenario", "15")]
    public void An_event_of_an_earlier_incarnation_changes_nothing_in_any_state()
    {
        foreach (var (name, make) in States)
        {
            var world = make();
            if (world.Incarnation == 0)
            {
                continue;
            }

            var state = world.Machine.State;
            foreach (var stale in OfIncarnation(world.Incarnation - 1))
            {
                Assert.True(world.Machine.Handle(stale).IsEmpty, $"{name}: {stale}");
                Assert.Equal(state, world.Machine.State);
            }
        }
    }

    [Fact]
    public void A_fact_about_an_incarnation_that_never_was_is_impossible_and_a_request_is_ignored()
    {
        foreach (var (_, make) in States)
        {
            var world = make();
            foreach (var early in OfIncarnation(world.Incarnation + 1))
            {
                if (early is SlotEvent.Request)
                {
                    Assert.Empty(world.Machine.Handle(early));
                }
                else
                {
                    Assert.Throws<ImpossibleSlotEventException>(() => world.Machine.Handle(early));
                }
            }
        }
    }

    [Fact]
    [Trait("Scenario", "39")]
    public void A_planned_replacement_waits_for_work_as_long_as_its_limit_says_and_says_so_once()
    {
        var world = new SlotWorld(longestDrain: TimeSpan.FromSeconds(50));
        world.Start();
        world.Booted();
        Assert.Equal("AskToLeaveInItsOwnTime Drain(20)", SlotWorld.Text(world.Recycle()));
        world.Now += TimeSpan.FromSeconds(20);
        Assert.Equal("Drain(20) SayOverdue#1(20)", SlotWorld.Text(world.DrainTimedOut(running: 1)));
        world.Now += TimeSpan.FromSeconds(20);
        Assert.Equal("Drain(10)", SlotWorld.Text(world.DrainTimedOut(running: 1)));
        world.Now += TimeSpan.FromSeconds(10);
        Assert.Equal("Terminate Grace(5)", SlotWorld.Text(world.DrainTimedOut(running: 1)));
    }

    [Fact]
    public void A_limit_below_the_time_for_draining_is_the_time_for_draining_of_planned_replacements_only()
    {
        var world = new SlotWorld(longestDrain: TimeSpan.FromSeconds(3));
        world.Start();
        world.Booted();
        Assert.Equal("AskToLeaveInItsOwnTime Drain(3)", SlotWorld.Text(world.Recycle()));
        world.Now += TimeSpan.FromSeconds(1);
        Assert.Equal("Drain(2)", SlotWorld.Text(world.Stop()));

        world = new SlotWorld(longestDrain: TimeSpan.FromSeconds(3));
        world.Start();
        world.Booted();
        Assert.Equal("AskToLeave Drain(20)", SlotWorld.Text(world.Stop()));
    }

    [Fact]
    public void An_impossible_event_tells_its_story()
    {
        var world = After(w => w.Start(), w => w.Booted());
        var error = Assert.Throws<ImpossibleSlotEventException>(() => world.BackoffElapsed());
        Assert.Equal(SlotState.Ready, error.State);
        Assert.Contains("Empty -> Starting", error.Message, StringComparison.Ordinal);
        Assert.Contains("Starting -> Ready", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<SlotEvent> OfIncarnation(long incarnation)
    {
        var at = TimeSpan.FromSeconds(100);
        return
        [
            new SlotEvent.Booted(at, incarnation),
            new SlotEvent.Exited(at, incarnation, ExitFacts.Exited(1), null),
            new SlotEvent.BootTimedOut(at, incarnation),
            new SlotEvent.BackoffElapsed(at, incarnation),
            new SlotEvent.DrainTimedOut(at, incarnation),
            new SlotEvent.GraceElapsed(at, incarnation),
            new SlotEvent.RecycleRequested(at, incarnation, "test"),
            new SlotEvent.Rejected(at, incarnation, "test"),
            new SlotEvent.KillRequested(at, incarnation, "test", TimeSpan.Zero),
            new SlotEvent.Condemned(at, incarnation, LeaveKind.Hang, "test"),
        ];
    }

    private static string Cell((string Name, Func<SlotWorld> Make) state, (string Name, Func<SlotWorld, IEnumerable<SlotAction>> Do) e)
    {
        var world = state.Make();
        var before = world.Machine.State;
        string outcome;
        try
        {
            var actions = SlotWorld.Text(e.Do(world));
            outcome = actions.Length == 0 && world.Machine.State == before ? "ignored" : $"-> {world.Machine.State}: {actions}";
        }
        catch (ImpossibleSlotEventException)
        {
            Assert.Equal(before, world.Machine.State);
            outcome = "impossible";
        }

        return $"{state.Name,-20}{e.Name,-16}{outcome}";
    }

    private static SlotWorld After(params Func<SlotWorld, IEnumerable<SlotAction>>[] steps)
    {
        var world = new SlotWorld();
        foreach (var step in steps)
        {
            _ = step(world).ToArray();
        }

        return world;
    }
}
