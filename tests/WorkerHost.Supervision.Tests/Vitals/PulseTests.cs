using CsCheck;

namespace WorkerHost.Supervision.Tests.Vitals;

public sealed class PulseTests
{
    private static readonly LivenessOptions Options = new();
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Silence_makes_suspect_at_three_seconds_and_dead_at_ten()
    {
        var pulse = new Pulse(Options);
        var signs = new VitalSigns { Beats = 7 };
        Assert.Equal(default, pulse.Look(TimeSpan.Zero, signs, leaving: false));
        for (var second = 1; second < 10; second++)
        {
            Assert.Equal(default, pulse.Look(Second, signs, leaving: false));
            Assert.Equal(second >= 3, pulse.IsSuspect);
        }

        var dead = pulse.Look(Second, signs with { IsStopped = true }, leaving: false);
        Assert.Equal(JudgementKind.Dead, dead.Kind);
        Assert.Equal("no heartbeat and no finished task for 10 s (Liveness.DeadAfter is 10 s); a signal has stopped the process", dead.Reason);
    }

    [Fact]
    [Trait("Scenario", "33")]
    public void A_beat_or_a_finished_task_is_life_and_clears_the_suspicion()
    {
        foreach (var alive in new Func<VitalSigns, int, VitalSigns>[] { (s, i) => s with { Beats = (ulong)i }, (s, i) => s with { Finished = i } })
        {
            var pulse = new Pulse(Options);
            var signs = new VitalSigns { Running = 1 };
            for (var i = 0; i < 20; i++)
            {
                for (var j = 0; j < 9; j++)
                {
                    signs = j == 0 ? alive(signs, i) : signs;
                    Assert.Equal(default, pulse.Look(Second, signs, leaving: false));
                }

                Assert.True(pulse.IsSuspect);
                signs = alive(signs, i + 1);
                pulse.Look(Second, signs, leaving: false);
                Assert.False(pulse.IsSuspect);
            }
        }
    }

    [Fact]
    public void A_debugged_worker_is_neither_suspect_nor_dead_and_starts_afresh_when_left()
    {
        var pulse = new Pulse(Options);
        var frozen = new VitalSigns { Beats = 7, IsTraced = true, IsStopped = true };
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(default, pulse.Look(Second, frozen, leaving: false));
            Assert.Equal((true, false), (pulse.IsBeingDebugged, pulse.IsSuspect));
        }

        Assert.Equal(default, pulse.Look(Second, frozen with { IsTraced = false }, leaving: false));
        Assert.Equal((false, TimeSpan.Zero), (pulse.IsBeingDebugged, pulse.Silence));
    }

    [Theory]
    // how it beats, tasks running, leaving, stopped by a signal: whether long silence kills it
    [InlineData(HeartbeatKind.Ledger, 0, false, false, true)]
    [InlineData(HeartbeatKind.Ledger, 1, false, false, true)]
    [InlineData(HeartbeatKind.Ledger, 1, true, false, true)]
    [InlineData(HeartbeatKind.Ledger, 0, true, true, true)]
    [InlineData(HeartbeatKind.Control, 0, false, false, true)]
    [InlineData(HeartbeatKind.Control, 1, false, false, true)]
    [InlineData(HeartbeatKind.Control, 1, true, false, false)]
    [InlineData(HeartbeatKind.Control, 1, true, true, true)]
    [InlineData(HeartbeatKind.Health, 0, false, false, true)]
    [InlineData(HeartbeatKind.Health, 1, false, false, false)]
    [InlineData(HeartbeatKind.Health, 1, false, true, true)]
    [InlineData(HeartbeatKind.Health, 0, true, false, false)]
    [InlineData(HeartbeatKind.Health, 0, true, true, true)]
    internal void Who_cannot_show_life_while_it_works_or_leaves_is_not_killed_for_silence(HeartbeatKind kind, int running, bool leaving, bool stopped, bool dies)
    {
        var pulse = new Pulse(Options);
        var signs = new VitalSigns { Heartbeat = kind, Running = running, IsStopped = stopped };
        var dead = Enumerable.Range(0, 60).Any(_ => pulse.Look(Second, signs, leaving).Kind == JudgementKind.Dead);
        Assert.True(pulse.IsSuspect);
        Assert.Equal(dies, dead);
    }

    [Fact]
    public void Switched_off_it_judges_nobody()
    {
        var pulse = new Pulse(Options with { Enabled = false });
        Assert.All(Enumerable.Range(0, 60), _ => Assert.Equal(default, pulse.Look(Second, default, leaving: false)));
        Assert.False(pulse.IsSuspect);
    }

    [Fact]
    public void Whatever_is_seen_only_a_worker_that_was_silent_in_that_many_looks_dies() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 100_000]).Array[0, 100].Sample(looks =>
        {
            var pace = new LookPace(Options);
            var pulse = new Pulse(Options);
            var now = TimeSpan.Zero;
            ulong beats = 0;
            var still = 0;
            foreach (var (what, milliseconds) in looks)
            {
                // The supervisor may stand still for up to 100 s.
                now += TimeSpan.FromMilliseconds(milliseconds);
                still = what is 0 or 1 ? 0 : still + 1;
                beats += what == 0 ? 1UL : 0;
                var judgement = pulse.Look(pace.Look(now).Counts, new VitalSigns { Beats = beats, IsTraced = what == 1 }, leaving: false);
                Assert.False(judgement.Kind == JudgementKind.Dead && still < 7, $"dead after {still} looks");
                Assert.False(pulse.IsSuspect && still < 2);
            }
        });
}
