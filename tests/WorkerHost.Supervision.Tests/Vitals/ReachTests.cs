namespace WorkerHost.Supervision.Tests.Vitals;

public sealed class ReachTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly VitalSigns Closed = new() { ClosedAddress = new Uri("unix:///tmp/w.sock") };

    [Fact]
    public void A_closed_socket_makes_suspect_at_three_seconds_and_dead_at_ten()
    {
        var reach = new Reach(new LivenessOptions());
        for (var second = 1; second < 10; second++)
        {
            Assert.Equal(default, reach.Look(Second, Closed, leaving: false));
            Assert.Equal(second >= 3, reach.IsSuspect);
        }

        var dead = reach.Look(Second, Closed, leaving: false);
        Assert.Equal(JudgementKind.Dead, dead.Kind);
        Assert.Equal("its listening socket unix:///tmp/w.sock has been closed for 10 s, and it ran nothing (Liveness.DeadAfter is 10 s)", dead.Reason);
    }

    [Fact]
    public void Who_works_leaves_or_is_debugged_may_have_closed_it()
    {
        foreach (var (signs, leaving) in new[] { (Closed with { Running = 1 }, false), (Closed with { IsTraced = true }, false), (Closed, true), (default, false) })
        {
            var reach = new Reach(new LivenessOptions());
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(default, reach.Look(Second, signs, leaving));
                Assert.False(reach.IsSuspect);
            }
        }
    }

    [Fact]
    public void A_finished_task_and_a_socket_that_is_open_again_clear_the_suspicion()
    {
        foreach (var alive in new[] { Closed with { Finished = 1 }, default })
        {
            var reach = new Reach(new LivenessOptions());
            for (var i = 0; i < 9; i++)
            {
                reach.Look(Second, Closed, leaving: false);
            }

            Assert.True(reach.IsSuspect);
            Assert.Equal(default, reach.Look(Second, alive, leaving: false));
            Assert.False(reach.IsSuspect);
        }
    }

    [Fact]
    public void Switched_off_nobody_is_suspect()
    {
        var reach = new Reach(new LivenessOptions { Enabled = false });
        Assert.Equal(default, reach.Look(TimeSpan.FromHours(1), Closed, leaving: false));
        Assert.False(reach.IsSuspect);
    }
}
