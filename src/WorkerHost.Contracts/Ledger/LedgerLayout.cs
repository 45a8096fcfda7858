namespace WorkerHost;

/// <summary>
/// Where things stand in the ledger: a small file that a worker maps and its supervisor reads after the worker's
/// death. Integers are little-endian and aligned to their size. What the worker wrote before kill -9 is there,
/// because a shared mapping belongs to the kernel's page cache and not to the process.
/// </summary>
internal static class LedgerLayout
{
    /// <summary>"WHLEDGR1" read as a little-endian number.</summary>
    public const ulong Magic = 0x3152_4744_454C_4857;

    public const int MagicAt = 0x00;            // u64
    public const int LaneCountAt = 0x08;        // u32
    public const int IncarnationAt = 0x10;      // u64
    public const int HeartbeatAt = 0x18;        // u64, counts up once per heartbeat interval
    public const int StageAt = 0x20;            // u32, LedgerStage
    public const int DebuggerAt = 0x24;         // u32, 1 while a debugger is attached that the kernel does not know of
    public const int FinishedAt = 0x28;         // u64, tasks whose handler returned
    public const int TracksAt = 0x40;

    /// <summary>Sessions open at the same time that get start marks of their own; tasks of further ones are judged conservatively.</summary>
    public const int TrackCount = 16;
    public const int TrackSize = 16;
    public const int TrackSessionAt = 0;        // u64, the session's key; 0: free
    public const int TrackStartedAt = 8;        // u64, highest sequence started

    public const int LanesAt = TracksAt + TrackCount * TrackSize;
    public const int LaneSize = 32;
    public const int LaneSessionAt = 0;         // u64, 0: a unary call
    public const int LaneSequenceAt = 8;        // u64
    public const int LaneStateAt = 16;          // u32, LaneState
    public const int MaxLanes = 1024;

    public static int SizeFor(int lanes) => (LanesAt + lanes * LaneSize + 4095) / 4096 * 4096;
}

/// <summary>How far a worker's start has come.</summary>
internal enum LedgerStage : uint
{
    Created = 0,
    ProcessStarted = 1,
    Listening = 2,
    WarmedUp = 3,
    Ready = 4,
    Draining = 5,

    // Before Listening, where the program has an initializer. Numbers that workers in the field write do not change.
    Initializing = 6,
    Initialized = 7,
}

internal enum LaneState : uint
{
    Idle = 0,
    Running = 1,
    Finished = 2,
}
