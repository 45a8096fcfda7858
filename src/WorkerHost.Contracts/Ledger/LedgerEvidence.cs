using System.Buffers.Binary;
using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>
/// A dead worker's ledger, read once. Parsing never throws: a page that makes no sense is no evidence.
/// </summary>
internal sealed record LedgerEvidence
{
    private readonly ImmutableArray<(ulong Session, ulong Started)> tracks = [];
    private readonly ImmutableArray<(ulong Session, ulong Sequence, LaneState State)> lanes = [];

    private LedgerEvidence()
    {
    }

    private LedgerEvidence(ImmutableArray<(ulong, ulong)> tracks, ImmutableArray<(ulong, ulong, LaneState)> lanes)
    {
        this.tracks = tracks;
        this.lanes = lanes;
    }

    public static LedgerEvidence None { get; } = new();

    /// <summary>The worker has written into it. One in another language may leave it as its supervisor made it.</summary>
    public bool HasLedger => Stage != LedgerStage.Created || Heartbeat > 0 || Finished > 0 || tracks.Length + lanes.Length > 0;

    public long? Finished { get; private init; }

    /// <summary>Lanes that had a task, whoever had sent it.</summary>
    public int RunningLanes => lanes.Count(static l => l.State == LaneState.Running);

    public ulong Heartbeat { get; private init; }

    public LedgerStage Stage { get; private init; }

    public static LedgerEvidence Read(string path, long incarnation)
    {
        try
        {
            // The worker may have made the file as large as it likes: no more is read than a ledger can have.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var page = new byte[Math.Min(file.Length, LedgerLayout.SizeFor(LedgerLayout.MaxLanes))];
            return Parse(page.AsSpan(0, file.ReadAtLeast(page, page.Length, throwOnEndOfStream: false)), incarnation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None;
        }
    }

    public static LedgerEvidence Parse(ReadOnlySpan<byte> page, long incarnation)
    {
        if (page.Length < LedgerLayout.LanesAt
            || U64(page, LedgerLayout.MagicAt) != LedgerLayout.Magic
            || U64(page, LedgerLayout.IncarnationAt) != (ulong)incarnation)
        {
            return None;
        }

        var count = BinaryPrimitives.ReadUInt32LittleEndian(page[LedgerLayout.LaneCountAt..]);
        if (count is 0 or > LedgerLayout.MaxLanes || page.Length < LedgerLayout.SizeFor((int)count))
        {
            return None;
        }

        var tracks = ImmutableArray.CreateBuilder<(ulong, ulong)>();
        for (var i = 0; i < LedgerLayout.TrackCount; i++)
        {
            var at = LedgerLayout.TracksAt + i * LedgerLayout.TrackSize;
            if (U64(page, at + LedgerLayout.TrackSessionAt) is not 0 and var session)
            {
                tracks.Add((session, U64(page, at + LedgerLayout.TrackStartedAt)));
            }
        }

        var lanes = ImmutableArray.CreateBuilder<(ulong, ulong, LaneState)>();
        for (var i = 0; i < count; i++)
        {
            var at = LedgerLayout.LanesAt + i * LedgerLayout.LaneSize;
            var state = (LaneState)BinaryPrimitives.ReadUInt32LittleEndian(page[(at + LedgerLayout.LaneStateAt)..]);
            if (state is LaneState.Running or LaneState.Finished)
            {
                lanes.Add((U64(page, at + LedgerLayout.LaneSessionAt), U64(page, at + LedgerLayout.LaneSequenceAt), state));
            }
        }

        return new LedgerEvidence(tracks.ToImmutable(), lanes.ToImmutable())
        {
            Finished = (long)U64(page, LedgerLayout.FinishedAt),
            Heartbeat = U64(page, LedgerLayout.HeartbeatAt),
            Stage = (LedgerStage)BinaryPrimitives.ReadUInt32LittleEndian(page[LedgerLayout.StageAt..]),
        };
    }

    /// <summary>What the marks say of a task that was sent on a session and whose outcome did not arrive.</summary>
    public StartVerdict Judge(ulong sessionKey, ulong sequence)
    {
        if (sessionKey == 0)
        {
            // Unary calls share the key, and whose sequence a mark has nobody can tell.
            return StartVerdict.Unknown;
        }

        foreach (var lane in lanes)
        {
            if (lane.Session == sessionKey && lane.Sequence == sequence)
            {
                return lane.State == LaneState.Running ? StartVerdict.Running : StartVerdict.Finished;
            }
        }

        foreach (var track in tracks)
        {
            if (track.Session == sessionKey)
            {
                // At or below the mark it ran to completion, or was refused or given back with a later one started since.
                return sequence > track.Started ? StartVerdict.NeverStarted : StartVerdict.Passed;
            }
        }

        return StartVerdict.Unknown;
    }

    private static ulong U64(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadUInt64LittleEndian(page[at..]);
}
