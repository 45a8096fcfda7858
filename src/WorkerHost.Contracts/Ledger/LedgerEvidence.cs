using System.Buffers.Binary;
using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>What a ledger says of one task after its worker's death.</summary>
internal enum StartVerdict
{
    /// <summary>There is no ledger, or it has no marks for this session: the task may have run.</summary>
    Unknown,

    /// <summary>No handler code ran.</summary>
    NeverStarted,

    /// <summary>It was in a lane when the worker died: the suspect.</summary>
    Running,

    /// <summary>Its handler returned, but no outcome arrived.</summary>
    Finished,
}

/// <summary>
/// A dead worker's ledger, read once. Parsing never throws: a page that makes no sense is no evidence.
/// </summary>
internal sealed record LedgerEvidence
{
    private readonly ImmutableArray<(ulong Session, ulong Started)> tracks = [];
    private readonly ImmutableArray<(ulong Session, ulong Sequence)> running = [];

    private LedgerEvidence()
    {
    }

    private LedgerEvidence(ImmutableArray<(ulong, ulong)> tracks, ImmutableArray<(ulong, ulong)> running)
    {
        this.tracks = tracks;
        this.running = running;
        HasLedger = true;
    }

    public static LedgerEvidence None { get; } = new();

    public bool HasLedger { get; }

    public long? Finished { get; private init; }

    public ulong Heartbeat { get; private init; }

    public LedgerStage Stage { get; private init; }

    public static LedgerEvidence Read(string path, long incarnation)
    {
        try
        {
            return Parse(File.ReadAllBytes(path), incarnation);
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

        var lanes = BinaryPrimitives.ReadUInt32LittleEndian(page[LedgerLayout.LaneCountAt..]);
        if (lanes is 0 or > LedgerLayout.MaxLanes || page.Length < LedgerLayout.SizeFor((int)lanes))
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

        var running = ImmutableArray.CreateBuilder<(ulong, ulong)>();
        for (var i = 0; i < lanes; i++)
        {
            var at = LedgerLayout.LanesAt + i * LedgerLayout.LaneSize;
            if (BinaryPrimitives.ReadUInt32LittleEndian(page[(at + LedgerLayout.LaneStateAt)..]) == (uint)LaneState.Running)
            {
                running.Add((U64(page, at + LedgerLayout.LaneSessionAt), U64(page, at + LedgerLayout.LaneSequenceAt)));
            }
        }

        return new LedgerEvidence(tracks.ToImmutable(), running.ToImmutable())
        {
            Finished = (long)U64(page, LedgerLayout.FinishedAt),
            Heartbeat = U64(page, LedgerLayout.HeartbeatAt),
            Stage = (LedgerStage)BinaryPrimitives.ReadUInt32LittleEndian(page[LedgerLayout.StageAt..]),
        };
    }

    /// <summary>What the marks say of a task that was sent on a session and whose outcome did not arrive.</summary>
    public StartVerdict Judge(ulong sessionKey, ulong sequence)
    {
        foreach (var lane in running)
        {
            if (lane.Session == sessionKey && lane.Sequence == sequence)
            {
                return StartVerdict.Running;
            }
        }

        foreach (var track in tracks)
        {
            if (track.Session == sessionKey)
            {
                return sequence > track.Started ? StartVerdict.NeverStarted : StartVerdict.Finished;
            }
        }

        return StartVerdict.Unknown;
    }

    private static ulong U64(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadUInt64LittleEndian(page[at..]);
}
