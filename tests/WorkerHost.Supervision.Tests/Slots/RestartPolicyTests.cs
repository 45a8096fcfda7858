using CsCheck;

namespace WorkerHost.Supervision.Tests.Slots;

public sealed class RestartPolicyTests
{
    private static readonly RestartOptions Options = new();

    [Fact]
    public void The_first_restart_after_a_productive_run_is_immediate()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        Assert.Equal(TimeSpan.Zero, policy.Decide(Seconds(3), RunKind.Productive, Seconds(1)).Delay);
    }

    [Fact]
    public void A_worker_that_was_ready_for_long_enough_is_productive_without_a_task()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        Assert.Equal(TimeSpan.Zero, policy.Decide(Seconds(30), RunKind.Unproductive, Options.StableAfter).Delay);
        Assert.NotEqual(TimeSpan.Zero, policy.Decide(Seconds(50), RunKind.Unproductive, Options.StableAfter - Seconds(0.001)).Delay);
    }

    [Fact]
    public void The_pause_is_between_zero_and_a_ceiling_that_doubles_up_to_the_maximum() =>
        Gen.Select(Gen.Int[1, 12], Gen.Double[0, 0.999]).Sample((deaths, roll) =>
        {
            var policy = new RestartPolicy(Options with { Intensity = 1000 }, new SlotWorld.FixedRandom(roll));
            RestartDecision? last = null;
            for (var i = 0; i < deaths; i++)
            {
                last = policy.Decide(Seconds(i), RunKind.Unproductive, null);
            }

            var ceiling = Math.Min(0.2 * Math.Pow(2, deaths - 1), 30);
            Assert.Equal(ceiling * roll, last!.Delay.TotalSeconds, tolerance: 1e-6);
        });

    [Fact]
    public void A_stable_run_takes_the_pause_back_to_its_minimum()
    {
        var policy = new RestartPolicy(Options with { Intensity = 1000 }, new SlotWorld.FixedRandom(0.999));
        for (var i = 0; i < 8; i++)
        {
            policy.Decide(Seconds(i), RunKind.Unproductive, null);
        }

        policy.Decide(Seconds(60), RunKind.Productive, Options.StableAfter);
        Assert.InRange(policy.Decide(Seconds(61), RunKind.Unproductive, null).Delay, TimeSpan.Zero, Options.MinBackoff);
    }

    [Fact]
    [Trait("Scenario", "26")]
    public void Exactly_intensity_deaths_in_the_period_are_fine_and_one_more_opens_the_breaker()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        for (var i = 0; i < Options.Intensity; i++)
        {
            Assert.False(policy.Decide(Seconds(i), RunKind.Unproductive, null).BreakerOpen);
        }

        var open = policy.Decide(Seconds(5), RunKind.Unproductive, null);
        Assert.True(open.BreakerOpen);
        Assert.InRange(open.Delay, Options.MaxBackoff / 2, Options.MaxBackoff);
        Assert.Matches("breaker open: next try in [0-9.]+ s \\(6 unproductive deaths in 60 s\\)", open.Next);
    }

    [Fact]
    [Trait("Scenario", "26")]
    public void The_window_slides()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        for (var i = 0; i < 50; i++)
        {
            // 13 s apart: at most 5 in any 60 s.
            Assert.False(policy.Decide(Seconds(13 * i), RunKind.Unproductive, null).BreakerOpen);
        }
    }

    [Fact]
    [Trait("Scenario", "22")]
    public void An_open_breaker_goes_on_probing_for_ever_and_closes_with_the_first_useful_run()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        var now = TimeSpan.Zero;
        for (var i = 0; i < 100; i++)
        {
            var decision = policy.Decide(now, RunKind.Unproductive, null);
            now += decision.Delay + Seconds(0.3);
            Assert.Equal(i >= Options.Intensity, decision.BreakerOpen);
        }

        var healed = policy.Decide(now, RunKind.Productive, Seconds(1));
        Assert.False(healed.BreakerOpen);
        Assert.Equal(TimeSpan.Zero, healed.Delay);
    }

    [Fact]
    [Trait("Scenario", "27")]
    public void Recycles_are_not_counted_as_deaths_but_abuse_is_paced()
    {
        foreach (var kind in new[] { RunKind.Planned, RunKind.Productive })
        {
            var policy = new RestartPolicy(Options, new Random(1));
            var now = TimeSpan.Zero;
            var spawns = 0;
            for (; now < Seconds(100); spawns++)
            {
                // It does its one task in 10 ms and is gone again.
                var decision = policy.Decide(now, kind, Seconds(0.01));
                Assert.False(decision.BreakerOpen);
                Assert.Equal(spawns < Options.Intensity, decision.Delay == TimeSpan.Zero);
                now += decision.Delay + Seconds(0.01);
            }

            Assert.InRange(spawns, 100, 100 + Options.Intensity + 1);
        }
    }

    [Fact]
    public void Misconfigured_opens_the_breaker_at_once()
    {
        var decision = new RestartPolicy(Options, new Random(1)).Decide(Seconds(1), RunKind.Misconfigured, null);
        Assert.True(decision.BreakerOpen);
        Assert.InRange(decision.Delay, Options.MaxBackoff / 2, Options.MaxBackoff);
    }

    [Fact]
    [Trait("Scenario", "22")]
    public void Spawns_of_a_worker_that_dies_at_once_stay_on_the_curve() =>
        Gen.Int[0, int.MaxValue].Sample(seed =>
        {
            var policy = new RestartPolicy(Options, new Random(seed));
            var now = TimeSpan.Zero;
            var spawns = 1;
            while (now < Seconds(120))
            {
                now += Seconds(0.05) + policy.Decide(now, RunKind.Unproductive, Seconds(0.05)).Delay;
                spawns++;
            }

            // Six quick ones, then one per 15 to 30 s.
            Assert.InRange(spawns, 9, 16);
        });

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
