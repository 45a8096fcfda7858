using System.Buffers.Binary;
using CsCheck;

namespace WorkerHost.Contracts.Tests;

/// <summary>A ledger is written by a process that crashed; it may hold anything, and reading it never throws.</summary>
public sealed class HostileLedgerTests
{
    [Fact]
    public void Random_bytes_are_no_evidence() =>
        Gen.Byte.Array[0, 8192].Sample(bytes => Assert.False(LedgerEvidence.Parse(bytes, 7).HasLedger));

    [Fact]
    public void Random_bytes_behind_a_true_head_are_read_without_a_throw() =>
        Gen.Select(Gen.Byte.Array[4096], Gen.UInt[0, 120], Gen.ULong, Gen.ULong).Sample((page, lanes, session, sequence) =>
        {
            Head(page, lanes, 7);
            var evidence = LedgerEvidence.Parse(page, 7);
            Assert.Equal(lanes is > 0 and <= 118, evidence.HasLedger);
            Assert.True(Enum.IsDefined(evidence.Judge(session, sequence)));
        });

    [Fact]
    public void Flipped_and_cut_pages_of_a_real_ledger_are_read_without_a_throw() =>
        Gen.Select(Gen.Int[0, 4096], Gen.Int[0, 4095], Gen.Byte).Sample((length, at, value) =>
        {
            var page = new byte[4096];
            Head(page, 4, 7);
            page[at] = value;
            var evidence = LedgerEvidence.Parse(page.AsSpan(0, length), 7);
            Assert.True(length == 4096 || !evidence.HasLedger);
            evidence.Judge(1, 1);
        });

    [Theory]
    [InlineData(0u)]
    [InlineData(1025u)]
    [InlineData(uint.MaxValue)]
    public void An_impossible_number_of_lanes_is_no_evidence(uint lanes)
    {
        var page = new byte[LedgerLayout.SizeFor(LedgerLayout.MaxLanes)];
        Head(page, lanes, 7);
        Assert.False(LedgerEvidence.Parse(page, 7).HasLedger);
    }

    [Fact]
    [Trait("Scenario", "15")]
    public void The_ledger_of_another_incarnation_is_no_evidence()
    {
        var page = new byte[4096];
        Head(page, 1, 6);
        Assert.True(LedgerEvidence.Parse(page, 6).HasLedger);
        Assert.False(LedgerEvidence.Parse(page, 7).HasLedger);
    }

    [Fact]
    public void A_file_that_is_gone_or_a_folder_is_no_evidence()
    {
        Assert.False(LedgerEvidence.Read(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), 7).HasLedger);
        Assert.False(LedgerEvidence.Read(Path.GetTempPath(), 7).HasLedger);
    }

    [Fact]
    public void A_ledger_that_nobody_has_written_into_is_no_evidence()
    {
        using var ledger = new LedgerFile(lanes: 1);
        Assert.False(ledger.Evidence().HasLedger);
        ledger.Page.Stage(LedgerStage.ProcessStarted);
        Assert.True(ledger.Evidence().HasLedger);
    }

    [Fact]
    public void A_ledger_that_its_worker_made_huge_costs_no_memory()
    {
        using var ledger = new LedgerFile(lanes: 1);
        ledger.Page.Beat();
        using (var file = new FileStream(ledger.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1L << 40);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(ledger.Evidence().HasLedger);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(4096)]
    public void A_worker_refuses_a_file_that_is_no_ledger(int length)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[length]);
            var error = Assert.Throws<InvalidDataException>(() => LedgerPage.Open(path, 7));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_worker_refuses_the_ledger_of_another_incarnation()
    {
        using var ledger = new LedgerFile(lanes: 1);
        var error = Assert.Throws<InvalidDataException>(() => LedgerPage.Open(ledger.Path, LedgerFile.Incarnation + 1));
        Assert.Contains("incarnation 8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ledger_is_for_its_owner_alone()
    {
        using var ledger = new LedgerFile(lanes: 1);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ledger.Path));
        }

        Assert.Throws<IOException>(() => LedgerPage.Create(ledger.Path, 1, 1));
    }

    private static void Head(byte[] page, uint lanes, long incarnation)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(LedgerLayout.MagicAt), LedgerLayout.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(LedgerLayout.LaneCountAt), lanes);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(LedgerLayout.IncarnationAt), incarnation);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(LedgerLayout.HeartbeatAt), 1);
    }
}
