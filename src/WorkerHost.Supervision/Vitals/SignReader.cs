using System.Buffers.Binary;
using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>
/// Reads one worker's signs of life: its ledger and what the kernel says of its process. Neither needs the worker's help, so
/// that nothing here waits for one that is stopped. Touched by the owner loop only.
/// </summary>
internal sealed class SignReader : IDisposable
{
    private const int StatusBytes = 4096;

    private readonly int lanes;
    private readonly SafeFileHandle? ledger;
    private SafeFileHandle? status;
    private int pid;

    /// <param name="ledgerPath">Its ledger.</param>
    /// <param name="pid">Its process, not reaped yet.</param>
    /// <param name="lanes">How many lanes the ledger has.</param>
    public SignReader(string ledgerPath, int pid, int lanes)
    {
        this.lanes = lanes;
        ledger = Open(ledgerPath);
        Follow(pid);
    }

    /// <summary>The process to look at: behind a launcher it is not the one that was spawned. What is open stays with it and with no other of that number.</summary>
    public void Follow(int process)
    {
        if (process != pid)
        {
            status?.Dispose();
            status = Open($"/proc/{process}/status");
            pid = process;
        }
    }

    /// <summary>A buffer that all readers of a loop share.</summary>
    public static byte[] NewBuffer(int lanes) => new byte[Math.Max(StatusBytes, LedgerLayout.LanesAt + lanes * LedgerLayout.LaneSize)];

    /// <summary>Some tens of microseconds. What cannot be read is not known, and nobody dies of it.</summary>
    public VitalSigns Read(byte[] buffer) => ReadStatus(ReadLedger(default, buffer), buffer);

    public void Dispose()
    {
        ledger?.Dispose();
        status?.Dispose();
    }

    private VitalSigns ReadLedger(VitalSigns signs, byte[] buffer)
    {
        var length = LedgerLayout.LanesAt + lanes * LedgerLayout.LaneSize;
        if (Read(ledger, buffer.AsSpan(0, length)) < length)
        {
            return signs;
        }

        var running = 0;
        for (var lane = 0; lane < lanes; lane++)
        {
            var state = (LaneState)BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(LedgerLayout.LanesAt + lane * LedgerLayout.LaneSize + LedgerLayout.LaneStateAt));
            running += state == LaneState.Running ? 1 : 0;
        }

        return signs with
        {
            Beats = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(LedgerLayout.HeartbeatAt)),
            Finished = (long)BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(LedgerLayout.FinishedAt)),
            IsTraced = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(LedgerLayout.DebuggerAt)) != 0,
            Running = running,
        };
    }

    private VitalSigns ReadStatus(VitalSigns signs, byte[] buffer)
    {
        var length = Read(status, buffer);
        return length <= 0 ? signs : signs with
        {
            ResidentBytes = Number(buffer.AsSpan(0, length), "\nVmRSS:"u8) * 1024,
            IsTraced = signs.IsTraced || Number(buffer.AsSpan(0, length), "\nTracerPid:"u8) != 0,
            IsStopped = Value(buffer.AsSpan(0, length), "\nState:"u8) is [(byte)'T' or (byte)'t', ..],
        };
    }

    private static long Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) =>
        Utf8Parser.TryParse(Value(text, name), out long value, out _) ? value : 0;

    /// <summary>What stands behind a name, without the blanks.</summary>
    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var at = text.IndexOf(name);
        return at < 0 ? default : text[(at + name.Length)..].TrimStart(" \t"u8);
    }

    private static int Read(SafeFileHandle? file, Span<byte> buffer)
    {
        try
        {
            return file is null ? 0 : RandomAccess.Read(file, buffer, 0);
        }
        catch (IOException)
        {
            // It has just ended: its exit is on its way to the loop.
            return 0;
        }
    }

    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
