using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;

namespace WorkerHost;

/// <summary>
/// The worker's hand on its ledger. A mark is a few plain stores into mapped memory (some nanoseconds), made before
/// and after user code. <see cref="Start"/> for one session must be called in the order of its sequences (the lane
/// queue hands out a task and marks it under one lock); everything else may be called from any thread.
/// </summary>
internal sealed unsafe class LedgerPage : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* page;
    private readonly Lock trackLock = new();
    private readonly List<int> closedTracks = [];

    private LedgerPage(MemoryMappedFile file, MemoryMappedViewAccessor view, byte* page, int lanes)
    {
        this.file = file;
        this.view = view;
        this.page = page;
        Lanes = lanes;
    }

    public int Lanes { get; }

    /// <summary>Makes the file; done by the supervisor before the spawn.</summary>
    public static void Create(string path, int lanes, long incarnation)
    {
        var bytes = Blank(lanes, incarnation);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(path, options);
        stream.Write(bytes);
    }

    /// <summary>One without a file, for a worker without a process; <see cref="Evidence"/> reads it.</summary>
    public static LedgerPage InMemory(int lanes, long incarnation)
    {
        var bytes = Blank(lanes, incarnation);
        var file = MemoryMappedFile.CreateNew(mapName: null, bytes.Length);
        using (var stream = file.CreateViewStream())
        {
            stream.Write(bytes);
        }

        return Map(file, incarnation) ?? throw new InvalidOperationException("a ledger that was made just now cannot be read");
    }

    /// <exception cref="InvalidDataException">The file is no ledger, or not that of this incarnation.</exception>
    public static LedgerPage Open(string path, long incarnation)
    {
        var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.ReadWrite);
        return Map(file, incarnation) ?? throw new InvalidDataException($"{path} is not the ledger of incarnation {incarnation}");
    }

    private static byte[] Blank(int lanes, long incarnation)
    {
        var bytes = new byte[LedgerLayout.SizeFor(lanes)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(LedgerLayout.MagicAt), LedgerLayout.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(LedgerLayout.LaneCountAt), (uint)lanes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(LedgerLayout.IncarnationAt), incarnation);
        return bytes;
    }

    private static LedgerPage? Map(MemoryMappedFile file, long incarnation)
    {
        var view = file.CreateViewAccessor();
        byte* page = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref page);
        var lanes = *(uint*)(page + LedgerLayout.LaneCountAt);
        if (*(ulong*)(page + LedgerLayout.MagicAt) != LedgerLayout.Magic
            || *(long*)(page + LedgerLayout.IncarnationAt) != incarnation
            || lanes is 0 or > LedgerLayout.MaxLanes
            || view.Capacity < LedgerLayout.SizeFor((int)lanes))
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
            return null;
        }

        return new LedgerPage(file, view, page, (int)lanes);
    }

    public void Stage(LedgerStage stage) => Volatile.Write(ref U32(LedgerLayout.StageAt), (uint)stage);

    /// <summary>
    /// A managed debugger stops every thread of the runtime, that of the heartbeat too, and no tracer of the process
    /// shows it: whoever beats says beforehand that one is attached.
    /// </summary>
    public void Debugged(bool attached) => Volatile.Write(ref U32(LedgerLayout.DebuggerAt), attached ? 1u : 0u);

    public void Beat() => Interlocked.Increment(ref U64(LedgerLayout.HeartbeatAt));

    /// <summary>Gives a session a track for its start marks, or -1 when all are taken.</summary>
    public int OpenTrack(ulong sessionKey)
    {
        lock (trackLock)
        {
            var track = -1;
            for (var i = 0; i < LedgerLayout.TrackCount && track < 0; i++)
            {
                if (U64(TrackAt(i)) == 0)
                {
                    track = i;
                }
            }

            // A closed session's marks stay readable for as long as possible: whoever had it may still ask.
            if (track < 0 && closedTracks.Count > 0)
            {
                track = closedTracks[0];
                closedTracks.RemoveAt(0);
            }

            if (track >= 0)
            {
                Volatile.Write(ref U64(TrackAt(track) + LedgerLayout.TrackSessionAt), 0);
                Volatile.Write(ref U64(TrackAt(track) + LedgerLayout.TrackStartedAt), 0);
                Volatile.Write(ref U64(TrackAt(track) + LedgerLayout.TrackSessionAt), sessionKey);
            }

            return track;
        }
    }

    public void CloseTrack(int track)
    {
        if (track < 0)
        {
            return;
        }

        lock (trackLock)
        {
            closedTracks.Add(track);
        }
    }

    /// <summary>Before user code runs. The order of the stores is what makes a death in between readable.</summary>
    public void Start(int lane, int track, ulong sessionKey, ulong sequence)
    {
        if (lane < Lanes)
        {
            var row = LaneAt(lane);
            Volatile.Write(ref U32(row + LedgerLayout.LaneStateAt), (uint)LaneState.Idle);
            Volatile.Write(ref U64(row + LedgerLayout.LaneSessionAt), sessionKey);
            Volatile.Write(ref U64(row + LedgerLayout.LaneSequenceAt), sequence);
            Volatile.Write(ref U32(row + LedgerLayout.LaneStateAt), (uint)LaneState.Running);
        }

        if (track >= 0)
        {
            ref var started = ref U64(TrackAt(track) + LedgerLayout.TrackStartedAt);
            var seen = Volatile.Read(ref started);
            while (seen < sequence)
            {
                var before = Interlocked.CompareExchange(ref started, sequence, seen);
                if (before == seen)
                {
                    break;
                }

                seen = before;
            }
        }
    }

    /// <summary>After user code returned or threw, before the outcome is written to the session.</summary>
    public void Finish(int lane)
    {
        if (lane < Lanes)
        {
            Volatile.Write(ref U32(LaneAt(lane) + LedgerLayout.LaneStateAt), (uint)LaneState.Finished);
        }

        Interlocked.Increment(ref U64(LedgerLayout.FinishedAt));
    }

    /// <summary>What it says now, as whoever reads it after a death would find it.</summary>
    public LedgerEvidence Evidence(long incarnation) => LedgerEvidence.Parse(new ReadOnlySpan<byte>(page, LedgerLayout.SizeFor(Lanes)), incarnation);

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }

    private static int TrackAt(int track) => LedgerLayout.TracksAt + track * LedgerLayout.TrackSize;

    private static int LaneAt(int lane) => LedgerLayout.LanesAt + lane * LedgerLayout.LaneSize;

    private ref ulong U64(int at) => ref Unsafe.AsRef<ulong>(page + at);

    private ref uint U32(int at) => ref Unsafe.AsRef<uint>(page + at);
}
