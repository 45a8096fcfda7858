namespace WorkerHost.Supervision.Tests.Isolation;

[Trait("Scenario", "40")]
public sealed class OomWatchTests
{
    private long? count = 3;

    [Fact]
    public void A_kill_since_the_last_look_may_have_been_this_ones()
    {
        var watch = Watch();
        watch.Look(Seconds(99));
        count = 4;
        Assert.Equal("in the last 1 s the kernel's out-of-memory killer has ended 1 process somewhere, perhaps this one", watch.Hint(Seconds(100)));
    }

    [Fact]
    public void A_kill_that_a_look_has_seen_just_before_counts_too()
    {
        var watch = Watch();
        watch.Look(Seconds(99));
        count = 6;
        watch.Look(Seconds(100));
        watch.Look(Seconds(101));
        Assert.Equal("in the last 3 s the kernel's out-of-memory killer has ended 3 processes somewhere, perhaps this one", watch.Hint(Seconds(102)));
    }

    [Fact]
    public void A_kill_long_before_says_nothing_and_neither_does_a_kernel_that_does_not_count()
    {
        var watch = Watch();
        Assert.Null(watch.Hint(Seconds(1)));
        count = 4;
        watch.Look(Seconds(2));
        Assert.Null(watch.Hint(Seconds(12)));
        count = null;
        Assert.Null(watch.Hint(Seconds(13)));
        count = 9;
        Assert.Null(watch.Hint(Seconds(14)));
    }

    [Fact]
    public void The_kernel_counts_somewhere()
    {
        var watch = OomWatch.For(ControlGroupLayout.Probe());
        watch.Look(Seconds(1));
        Assert.Null(OomWatch.For(ControlGroupLayout.None).Hint(TimeSpan.Zero));
        Assert.NotNull(ControlGroupFile.Count("/proc/vmstat", "oom_kill"));
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private OomWatch Watch() => new("somewhere", () => count);
}
