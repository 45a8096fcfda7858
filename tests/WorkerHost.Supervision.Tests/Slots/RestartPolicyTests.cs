using CsCheck;

namespace WorkerHost.Supervision.Tests.Slots;

public sealed class RestartPolicyTests
{
    private static readonly RestartOptions Options = new();

    [Fact]
    public void The_first_restart_after_a_productive_run_is_immediate()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        Assert.Equal(TimeSpan.Zero, policy.Decide(Seconds(3), RunKind.Died, Seconds(1), finished: 1).Delay);
    }

    [Fact]
    public void A_worker_that_was_ready_for_long_enough_is_productive_without_a_task()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        Assert.Equal(TimeSpan.Zero, policy.Decide(Seconds(30), RunKind.Died, Options.StableAfter, 0).Delay);
        Assert.NotEqual(TimeSpan.Zero, policy.Decide(Seconds(50), RunKind.Died, Options.StableAfter - Seconds(0.001), 0).Delay);
    }

    [Fact]
    public void The_pause_is_between_zero_and_a_ceiling_that_doubles_up_to_the_maximum() =>
        Gen.Select(Gen.Int[1, 12], Gen.Double[0, 0.999]).Sample((deaths, roll) =>
        {
            var policy = new RestartPolicy(Options with { Intensity = 1000 }, new SlotWorld.FixedRandom(roll));
            RestartDecision? last = null;
            for (var i = 0; i < deaths; i++)
            {
                last = policy.Decide(Seconds(i), RunKind.FailedBoot, null, 0);
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
            policy.Decide(Seconds(i), RunKind.FailedBoot, null, 0);
        }

        policy.Decide(Seconds(60), RunKind.Died, Options.StableAfter, 0);
        Assert.InRange(policy.Decide(Seconds(61), RunKind.FailedBoot, null, 0).Delay, TimeSpan.Zero, Options.MinBackoff);
    }

    [Fact]
    [Trait("Scenario", "26")]
    public void Exactly_intensity_deaths_in_the_period_are_fine_and_one_more_opens_the_breaker()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        for (var i = 0; i < Options.Intensity; i++)
        {
            Assert.False(policy.Decide(Seconds(i), RunKind.FailedBoot, null, 0).BreakerOpen);
        }

        var open = policy.Decide(Seconds(5), RunKind.FailedBoot, null, 0);
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
            Assert.False(policy.Decide(Seconds(13 * i), RunKind.FailedBoot, null, 0).BreakerOpen);
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
            var decision = policy.Decide(now, RunKind.FailedBoot, null, 0);
            now += decision.Delay + Seconds(0.3);
            Assert.Equal(i >= Options.Intensity, decision.BreakerOpen);
        }

        var healed = policy.Decide(now, RunKind.Died, Seconds(1), finished: 1);
        Assert.False(healed.BreakerOpen);
        Assert.Equal(TimeSpan.Zero, healed.Delay);
    }

    [Theory]
    [InlineData(RunKind.AskedToBeRecycled, 1)]
    [InlineData(RunKind.AskedToBeRecycled, 0)]
    [InlineData(RunKind.Ordered, 1)]
    [InlineData(RunKind.Recycled, 0)]
    [InlineData(RunKind.Died, 1)]
    [Trait("Scenario", "27")]
    internal void What_is_no_unproductive_death_is_restarted_at_once_but_paced_when_it_goes_on(RunKind kind, long finished)
    {
        var policy = new RestartPolicy(Options, new Random(1));
        var now = TimeSpan.Zero;
        var spawns = 0;
        for (; now < Seconds(100); spawns++)
        {
            // It is ready for 10 ms and gone again.
            var decision = policy.Decide(now, kind, Seconds(0.01), finished);
            Assert.False(decision.BreakerOpen);
            Assert.Equal(spawns < Options.Intensity, decision.Delay == TimeSpan.Zero);
            now += decision.Delay + Seconds(0.01);
        }

        Assert.InRange(spawns, 100, 100 + Options.Intensity + 1);
    }

    [Fact]
    [Trait("Scenario", "38")]
    public void A_recycle_after_a_task_waits_for_nothing_however_often()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(TimeSpan.Zero, policy.Decide(Seconds(0.01 * i), RunKind.Recycled, Seconds(0.005), finished: 1).Delay);
        }
    }

    [Theory]
    [InlineData(RunKind.Recycled, 0)]
    [InlineData(RunKind.Recycled, 1)]
    [InlineData(RunKind.AskedToBeRecycled, 1)]
    [InlineData(RunKind.Ordered, 1)]
    [InlineData(RunKind.Died, 1)]
    internal void What_one_account_has_used_up_is_not_missing_in_another(RunKind kind, long finished)
    {
        var policy = new RestartPolicy(Options, new SlotWorld.FixedRandom(0.999));
        for (var i = 0; i < 50; i++)
        {
            policy.Decide(Seconds(0.1 * i), kind, Seconds(0.05), finished);
        }

        var others = new (RunKind Kind, long Finished)[] { (RunKind.AskedToBeRecycled, 1), (RunKind.Ordered, 1), (RunKind.Recycled, 0), (RunKind.Died, 1) };
        Assert.All(
            others.Where(o => o != (kind, finished)),
            o => Assert.Equal(TimeSpan.Zero, policy.Decide(Seconds(5), o.Kind, Seconds(0.05), o.Finished).Delay));
        Assert.InRange(policy.Decide(Seconds(5), RunKind.FailedBoot, null, 0).Delay, TimeSpan.Zero, Options.MinBackoff);
        Assert.InRange(policy.Decide(Seconds(5), RunKind.Died, Seconds(0.05), 0).Delay, TimeSpan.Zero, Options.MinBackoff);
    }

    [Fact]
    public void Failed_boots_do_not_lengthen_the_pause_after_a_crash_and_are_forgotten_once_a_boot_succeeds()
    {
        var policy = new RestartPolicy(Options with { Intensity = 1000 }, new SlotWorld.FixedRandom(0.999));
        for (var i = 0; i < 8; i++)
        {
            policy.Decide(Seconds(i), RunKind.FailedBoot, null, 0);
        }

        Assert.InRange(policy.Decide(Seconds(10), RunKind.Died, Seconds(1), 0).Delay, TimeSpan.Zero, Options.MinBackoff);
        Assert.InRange(policy.Decide(Seconds(20), RunKind.FailedBoot, null, 0).Delay, TimeSpan.Zero, Options.MinBackoff);
        Assert.InRange(policy.Decide(Seconds(30), RunKind.Died, Seconds(1), 0).Delay, Options.MinBackoff, Options.MinBackoff * 2);
    }

    [Fact]
    [Trait("Scenario", "26")]
    public void Failed_boots_and_useless_crashes_fill_one_window()
    {
        var policy = new RestartPolicy(Options, new Random(1));
        for (var i = 0; i < Options.Intensity; i++)
        {
            Assert.False((i % 2 == 0 ? policy.Decide(Seconds(i), RunKind.FailedBoot, null, 0) : policy.Decide(Seconds(i), RunKind.Died, Seconds(0.1), 0)).BreakerOpen);
        }

        Assert.True(policy.Decide(Seconds(6), RunKind.Died, Seconds(0.1), 0).BreakerOpen);
    }

    [Fact]
    public void A_breaker_that_closed_starts_its_pauses_anew_but_opens_again_soon()
    {
        var policy = new RestartPolicy(Options, new SlotWorld.FixedRandom(0.999));
        for (var i = 0; i <= Options.Intensity; i++)
        {
            policy.Decide(Seconds(i), RunKind.Died, Seconds(0.1), 0);
        }

        Assert.False(policy.Decide(Seconds(20), RunKind.Ordered, Seconds(1), finished: 1).BreakerOpen);
        Assert.True(policy.Decide(Seconds(21), RunKind.Died, Seconds(1), finished: 0).BreakerOpen);
        Assert.False(policy.Decide(Seconds(40), RunKind.Died, Seconds(1), finished: 1).BreakerOpen);
        var decision = policy.Decide(Seconds(81), RunKind.Died, Seconds(1), finished: 0);
        Assert.False(decision.BreakerOpen);
        Assert.InRange(decision.Delay, TimeSpan.Zero, Options.MinBackoff);
    }

    [Fact]
    public void Misconfigured_opens_the_breaker_at_once()
    {
        var decision = new RestartPolicy(Options, new Random(1)).Decide(Seconds(1), RunKind.Misconfigured, null, 0);
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
                now += Seconds(0.05) + policy.Decide(now, RunKind.Died, Seconds(0.05), 0).Delay;
                spawns++;
            }

            // Six quick ones, then one per 15 to 30 s.
            Assert.InRange(spawns, 9, 16);
        });

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
