namespace WorkerHost.Supervision.Tests.Vitals;

public sealed class LookPaceTests
{
    [Fact]
    public void A_look_in_time_counts_as_it_is_and_a_late_one_for_little_more_than_an_interval()
    {
        var pace = new LookPace(new LivenessOptions());
        Assert.Equal((Seconds(1), TimeSpan.Zero), pace.Look(Seconds(1)));
        Assert.Equal((Seconds(1.2), TimeSpan.Zero), pace.Look(Seconds(2.2)));
        Assert.Equal((Seconds(1.5), TimeSpan.Zero), pace.Look(Seconds(4.2)));
        Assert.Equal((Seconds(1.5), Seconds(99)), pace.Look(Seconds(104.2)));
        Assert.Equal((Seconds(1), TimeSpan.Zero), pace.Look(Seconds(105.2)));
    }

    [Fact]
    public void A_host_that_stands_still_before_its_first_look_is_late_as_well()
    {
        var pace = new LookPace(new LivenessOptions());
        Assert.Equal((Seconds(1.5), Seconds(6)), pace.Look(Seconds(7)));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
