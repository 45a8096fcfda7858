namespace WorkerHost.Contracts.Tests.Text;

public sealed class TextTests
{
    [Theory]
    [InlineData(0, "0 ms", "0 ms")]
    [InlineData(0.4, "0 ms", "0.4 ms")]
    [InlineData(35.2, "35 ms", "35.2 ms")]
    [InlineData(1_625, "1.6 s", "1.625 s")]
    [InlineData(-1_000, "-1 s", "-1 s")]
    [InlineData(90_000, "90 s", "90 s")]
    [InlineData(86_400_000, "1 day", "1 day")]
    [InlineData(172_800_000, "2 days", "2 days")]
    [InlineData(172_801_500, "172801.5 s", "172801.5 s")]
    public void A_duration_is_said_as_people_do_and_a_setting_as_it_was_set(double milliseconds, string measured, string set)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        Assert.Equal((measured, set), (DurationText.Of(time), DurationText.Exact(time)));
    }

    [Theory]
    [InlineData(0, "0 MiB")]
    [InlineData(536_346_624, "511.5 MiB")]
    [InlineData(1L << 31, "2048 MiB")]
    public void Memory_is_said_in_mebibytes(long bytes, string text) => Assert.Equal(text, SizeText.Of(bytes));
}
