using System.Buffers;
using System.Buffers.Binary;

namespace WorkerHost.Supervision;

/// <summary>
/// Reads one worker's signs of life: its ledger and what the kernel says of its process. Neither needs the worker's help, so
/// that nothing here waits for one that is stopped. Touched by the owner loop only.
/// </summary>
internal sealed class SignReader : IDisposable
{
    private readonly int lanes;
    private readonly OpenLedger ledger;
    private ProcessStatus? status;
    private ProcessIdentity process;

    /// <param name="ledger">Its ledger; not disposed of here.</param>
    /// <param name="process">Its process.</param>
    /// <param name="lanes">How many lanes the ledger has.</param>
    public SignReader(OpenLedger ledger, ProcessIdentity process, int lanes)
    {
        this.lanes = lanes;
        this.ledger = ledger;
        Follow(process);
    }

    /// <summary>The process to look at: behind a launcher it is not the one that was spawned.</summary>
    public void Follow(ProcessIdentity who)
    {
        if (who != process)
        {
            status?.Dispose();
            status = ProcessStatus.TryOpen(who);
            process = who;
        }
    }

    /// <summary>What cannot be read is not known, and nobody dies of it.</summary>
    public VitalSigns Read() => ReadStatus(ReadLedger());

    /// <summary>The most memory that its process has had; null when it is gone.</summary>
    public long? PeakBytes() => status?.Read()?.PeakBytes;

    public void Dispose() => status?.Dispose();

    private VitalSigns ReadLedger()
    {
        var length = LedgerLayout.LanesAt + lanes * LedgerLayout.LaneSize;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            return ledger.Read(buffer.AsSpan(0, length)) < length ? default : Parse(buffer);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private VitalSigns Parse(ReadOnlySpan<byte> page)
    {
        var running = 0;
        for (var lane = 0; lane < lanes; lane++)
        {
            var state = (LaneState)BinaryPrimitives.ReadUInt32LittleEndian(page[(LedgerLayout.LanesAt + lane * LedgerLayout.LaneSize + LedgerLayout.LaneStateAt)..]);
            running += state == LaneState.Running ? 1 : 0;
        }

        return new VitalSigns
        {
            Beats = BinaryPrimitives.ReadUInt64LittleEndian(page[LedgerLayout.HeartbeatAt..]),
            Finished = (long)BinaryPrimitives.ReadUInt64LittleEndian(page[LedgerLayout.FinishedAt..]),
            IsTraced = BinaryPrimitives.ReadUInt32LittleEndian(page[LedgerLayout.DebuggerAt..]) != 0,
            Running = running,
        };
    }

    private VitalSigns ReadStatus(VitalSigns signs) => status?.Read() is not { } facts ? signs : signs with
    {
        ResidentBytes = facts.ResidentBytes ?? 0,
        PeakBytes = facts.PeakBytes ?? 0,
        IsTraced = signs.IsTraced || facts.IsTraced,
        IsStopped = facts.IsStopped,
    };
}
