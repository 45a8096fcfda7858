using System.Text;

namespace WorkerHost.Contracts.Tests;

/// <summary>The layout is read by workers of other languages: it is a contract as much as the messages are.</summary>
public sealed class LedgerLayoutTests
{
    [Fact]
    public void The_head_stands_where_the_first_version_put_it()
    {
        Assert.Equal("WHLEDGR1", Encoding.ASCII.GetString(BitConverter.GetBytes(LedgerLayout.Magic)));
        Assert.Equal(
            [0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x40, 0x140],
            [
                LedgerLayout.MagicAt, LedgerLayout.LaneCountAt, LedgerLayout.IncarnationAt, LedgerLayout.HeartbeatAt,
                LedgerLayout.StageAt, LedgerLayout.FinishedAt, LedgerLayout.TracksAt, LedgerLayout.LanesAt,
            ]);
        Assert.Equal((16, 16, 32), (LedgerLayout.TrackCount, LedgerLayout.TrackSize, LedgerLayout.LaneSize));
        Assert.Equal((0, 8), (LedgerLayout.TrackSessionAt, LedgerLayout.TrackStartedAt));
        Assert.Equal((0, 8, 16), (LedgerLayout.LaneSessionAt, LedgerLayout.LaneSequenceAt, LedgerLayout.LaneStateAt));
    }

    [Fact]
    public void States_and_stages_keep_their_numbers()
    {
        Assert.Equal(["Idle 0", "Running 1", "Finished 2"], Enum.GetValues<LaneState>().Select(s => $"{s} {(uint)s}"));
        Assert.Equal(
            ["Created 0", "ProcessStarted 1", "Listening 2", "WarmedUp 3", "Ready 4", "Draining 5", "Initializing 6", "Initialized 7"],
            Enum.GetValues<LedgerStage>().Select(s => $"{s} {(uint)s}"));
    }

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(118, 4096)]
    [InlineData(119, 8192)]
    [InlineData(LedgerLayout.MaxLanes, 36864)]
    public void A_ledger_fills_whole_pages(int lanes, int size) => Assert.Equal(size, LedgerLayout.SizeFor(lanes));
}
