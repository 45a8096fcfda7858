using System.Buffers.Binary;

namespace WorkerHost.Client.Tests;

/// <summary>A ledger's page, byte by byte as a worker writes it, without a file.</summary>
internal sealed class LedgerBytes
{
    private readonly byte[] page;
    private readonly long incarnation;

    public LedgerBytes(int lanes, long incarnation)
    {
        this.incarnation = incarnation;
        page = new byte[LedgerLayout.SizeFor(lanes)];
        U64(LedgerLayout.MagicAt, LedgerLayout.Magic);
        U32(LedgerLayout.LaneCountAt, (uint)lanes);
        U64(LedgerLayout.IncarnationAt, (ulong)incarnation);
    }

    /// <summary>The session's track with its highest start mark so far.</summary>
    public LedgerBytes Track(ulong session, ulong started, int track = 0)
    {
        var at = LedgerLayout.TracksAt + track * LedgerLayout.TrackSize;
        U64(at + LedgerLayout.TrackSessionAt, session);
        U64(at + LedgerLayout.TrackStartedAt, started);
        return this;
    }

    public LedgerBytes Lane(int lane, ulong session, ulong sequence, LaneState state)
    {
        var at = LedgerLayout.LanesAt + lane * LedgerLayout.LaneSize;
        U64(at + LedgerLayout.LaneSessionAt, session);
        U64(at + LedgerLayout.LaneSequenceAt, sequence);
        U32(at + LedgerLayout.LaneStateAt, (uint)state);
        return this;
    }

    public LedgerBytes Stage(LedgerStage stage)
    {
        U32(LedgerLayout.StageAt, (uint)stage);
        return this;
    }

    public LedgerEvidence Read() => LedgerEvidence.Parse(page, incarnation);

    private void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(at), value);

    private void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(at), value);
}
