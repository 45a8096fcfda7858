namespace WorkerHost.Sidecar.Tests.Serving;

public sealed class TrendTests
{
    [Fact]
    public void What_only_goes_up_and_down_goes_nowhere() =>
        Assert.InRange(Trend.Of([.. Enumerable.Range(0, 600).Select(static i => 100.0 + (20 * Math.Sin(i / 5.0)))]), -2, 2);

    [Fact]
    public void What_grows_while_it_goes_up_and_down_is_seen() =>
        Assert.InRange(Trend.Of([.. Enumerable.Range(0, 600).Select(static i => 100.0 + (i / 20.0) + (20 * Math.Sin(i / 5.0)))]), 28, 32);

    [Fact]
    public void One_sample_has_no_trend() => Assert.Equal(0, Trend.Of([5]));
}
