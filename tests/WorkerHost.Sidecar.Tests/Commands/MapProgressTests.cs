using Microsoft.Extensions.Time.Testing;
using WorkerHost.Sidecar.Commands.Mapping;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class MapProgressTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void A_file_has_a_bar_with_rate_and_time_left_by_its_bytes()
    {
        var progress = new MapProgress(1000, time);
        for (var i = 1; i <= 25; i++)
        {
            progress.Done(i * 10, isFailure: i == 3);
        }

        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 25 %  25 done, 1 failed  5.0/s  ETA 0:15", progress.Bar(120));
    }

    [Fact]
    public void Input_without_an_end_has_a_rate_and_no_end()
    {
        var progress = new MapProgress(null, time);
        time.Advance(TimeSpan.FromSeconds(65));
        for (var i = 1; i <= 1300; i++)
        {
            progress.Done(i, isFailure: false);
        }

        Assert.Equal("1300 done  20/s  1:05", progress.Bar(120));
    }

    [Fact]
    public void The_rate_is_that_of_the_last_ten_seconds()
    {
        var progress = new MapProgress(null, time);
        for (var second = 1; second <= 30; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            progress.Done(second, isFailure: false);
            progress.Bar(120);
        }

        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Contains("  0.0/s", progress.Bar(120), StringComparison.Ordinal);
        Assert.Equal("30 done, in 40 s (0.8/s)", progress.Summary());
    }

    [Fact]
    public void A_narrow_terminal_has_a_narrow_bar()
    {
        var progress = new MapProgress(10, time);
        progress.Done(5, isFailure: false);

        Assert.Equal("█░░ 50 %  1 done", progress.Bar(16));
    }
}
