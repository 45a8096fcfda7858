namespace WorkerHost.Supervision.Tests.Events;

public sealed class HappeningsTests
{
    private static readonly DateTimeOffset Today = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly DeathReport Death = new() { Worker = new WorkerId("p", 0, 2), Cause = DeathCause.BootFailure };

    [Fact]
    public void Between_equal_pictures_nothing_has_happened()
    {
        var picture = Picture(Serving(0, 1), Serving(1, 1) with { IsSpare = true }, Leaving(2, 1), Waiting(3, 1));
        Assert.Empty(Happenings.Between(picture, picture).Events);

        // The wall clock was set meanwhile.
        var later = Picture([.. picture.Slots.Select(s => s with { NextTryAt = s.NextTryAt + TimeSpan.FromHours(1) })]);
        Assert.Empty(Happenings.Between(picture, later).Events);
    }

    [Fact]
    public void A_life_is_told_step_by_step_and_what_was_skipped_is_told_too()
    {
        WorkerStatus[] life = [Slot(0, 1, SlotState.Starting), Slot(0, 1, SlotState.Starting) with { Pid = 7 }, Serving(0, 1), Leaving(0, 1), Waiting(0, 1)];
        var steps = life.Zip(life.Skip(1)).SelectMany(pair => Kinds(Picture(pair.First), Picture(pair.Second)));
        Assert.Equal(["Started", "Ready", "ReadinessChanged", "Draining", "ReadinessChanged", "Waiting"], steps);

        // Ready and told to leave within one step: the readiness was never there.
        Assert.Equal(["Ready", "Draining"], Kinds(Picture(life[1]), Picture(life[3])));
    }

    [Fact]
    public void What_was_of_an_earlier_incarnation_is_told_anew_of_the_next()
    {
        Assert.Equal(["Started", "Ready"], Kinds(Picture(Serving(0, 1)), Picture(Serving(0, 2))));
        Assert.Equal(["Started", "Ready", "Draining"], Kinds(Picture(Leaving(0, 1), Serving(1, 1)), Picture(Leaving(0, 2), Serving(1, 1))));
    }

    [Fact]
    public void A_spare_that_is_ready_is_ready_and_one_that_takes_a_place_is_promoted()
    {
        var spare = Serving(0, 1) with { IsSpare = true };
        var (events, _) = Happenings.Between(Picture(Slot(0, 1, SlotState.Starting) with { Pid = 7 }), Picture(spare));
        Assert.True(Assert.IsType<SupervisorEvent.Ready>(Assert.Single(events)).IsSpare);
        Assert.Equal(["Promoted", "ReadinessChanged"], Kinds(Picture(spare), Picture(Serving(0, 1))));
        Assert.Equal(["Draining"], Kinds(Picture(spare), Picture(Leaving(0, 1) with { IsSpare = false })));
    }

    [Fact]
    public void A_breaker_opens_and_closes_once_whatever_its_slot_does_meanwhile()
    {
        var open = Waiting(0, 3) with { State = SlotState.CrashLooping, BreakerOpen = true };
        WorkerStatus[] steps = [Waiting(0, 2), open, Serving(0, 4) with { BreakerOpen = true }, open with { Id = new WorkerId("p", 0, 4) }, Serving(0, 5)];
        var told = steps.Zip(steps.Skip(1)).SelectMany(pair => Kinds(Picture(pair.First), Picture(pair.Second)));
        Assert.Equal(["BreakerOpened", "BreakerClosed"], told.Where(k => k.StartsWith("Breaker", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_restart_is_told_once_from_its_start_to_its_one_end()
    {
        var all = Picture(Serving(0, 1));
        var (started, underWay) = Happenings.Between(all, all with { Generation = 2 });
        Assert.Equal(2, Assert.IsType<SupervisorEvent.RestartStarted>(Assert.Single(started)).Generation);
        var (finished, over) = Happenings.Between(underWay, underWay with { GenerationIsThere = true });
        Assert.Equal(2, Assert.IsType<SupervisorEvent.RestartFinished>(Assert.Single(finished)).Generation);
        var broken = over with { GenerationIsThere = false };
        Assert.Empty(Happenings.Between(over, broken).Events);
        Assert.Empty(Happenings.Between(broken, over).Events);

        var (givenUp, left) = Happenings.Between(underWay, underWay with { FailedGeneration = 2, LastDeath = Death });
        var end = Assert.IsType<SupervisorEvent.RestartGivenUp>(Assert.Single(givenUp));
        Assert.Equal((1, Death), (end.Serving, end.Death));
        Assert.Empty(Happenings.Between(left, left with { GenerationIsThere = true }).Events);

        // One that takes over has the only end.
        var (second, both) = Happenings.Between(underWay, underWay with { Generation = 3 });
        Assert.Equal(3, Assert.IsType<SupervisorEvent.RestartStarted>(Assert.Single(second)).Generation);
        Assert.Equal(3, Assert.IsType<SupervisorEvent.RestartFinished>(Assert.Single(Happenings.Between(both, both with { GenerationIsThere = true }).Events)).Generation);
    }

    [Fact]
    [Trait("Scenario", "57")]
    public void Readiness_says_why_not()
    {
        Assert.Equal("the pool was scaled to 0 workers", SupervisorReadiness.Of([], 0, 1, false, null).Reason);
        Assert.Equal("the supervisor is stopping", SupervisorReadiness.Of([Serving(0, 1)], 1, 1, true, Death).Reason);
        Assert.True(SupervisorReadiness.Of([Serving(0, 1)], 1, 5, false, Death).IsReady);
        var spare = SupervisorReadiness.Of([Serving(0, 1) with { IsSpare = true }], 1, 1, false, Death);
        Assert.Equal((false, $"0 of 1 workers take tasks, needed: 1 (SupervisorOptions.ReadyAtLeast); the last death: {Death}"), (spare.IsReady, spare.Reason));
    }

    private static IEnumerable<string> Kinds(SupervisorPicture before, SupervisorPicture after) =>
        Happenings.Between(before, after).Events.Select(e => e.GetType().Name);

    private static SupervisorPicture Picture(params WorkerStatus[] slots) => new([.. slots], new CrewSize(1, 1, 1), 1, 1, 0, false, false, null, SettingNames.Members);

    private static WorkerStatus Slot(int slot, long incarnation, SlotState state) => new() { Id = new WorkerId("p", slot, incarnation), State = state };

    private static WorkerStatus Serving(int slot, long incarnation) =>
        Slot(slot, incarnation, SlotState.Ready) with { Pid = 7, BootTime = TimeSpan.FromSeconds(1) };

    private static WorkerStatus Leaving(int slot, long incarnation) =>
        Serving(slot, incarnation) with { State = SlotState.Draining, LeavingBecause = "told to" };

    private static WorkerStatus Waiting(int slot, long incarnation) =>
        Slot(slot, incarnation, SlotState.BackingOff) with { NextTryAt = Today };
}
