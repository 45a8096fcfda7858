namespace WorkerHost.Supervision.Tests.Vitals;

public sealed class LookPaceTests
{
    [Fact]
    public void A_look_in_time_counts_as_it_is_and_a_late_one_for_little_more_than_an_interval()
    {
        var pace = new LookPace(new LivenessOptions());
        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), pace.Look(Seconds(500)));
        Assert.Equal((Seconds(1.2), TimeSpan.Zero), pace.Look(Seconds(501.2)));
        Assert.Equal((Seconds(1.5), TimeSpan.Zero), pace.Look(Seconds(503.2)));
        Assert.Equal((Seconds(1.5), Seconds(99)), pace.Look(Seconds(603.2)));
        Assert.Equal((Seconds(1), TimeSpan.Zero), pace.Look(Seconds(604.2)));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
