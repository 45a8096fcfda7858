using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>
/// Reads what the kernel says of one process in <c>/proc/PID/status</c>; some microseconds. The open file stays with its
/// process: when that is gone it says nothing, whoever has the number by then.
/// </summary>
internal sealed class ProcessStatus : IDisposable
{
    /// <summary>Twice what is usual. A user of many groups has a longer one: they are all listed.</summary>
    private const int UsualBytes = 4096;

    private readonly SafeFileHandle file;

    private ProcessStatus(SafeFileHandle file) => this.file = file;

    /// <returns>Null when that process is gone.</returns>
    public static ProcessStatus? TryOpen(ProcessIdentity process)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Pid}/status"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // After the opening: who has the number now has had it ever since it was started, so then too.
        if (ProcessIdentity.Of(process.Pid) == process)
        {
            return new ProcessStatus(file);
        }

        file.Dispose();
        return null;
    }

    /// <summary>Null when it has been reaped.</summary>
    public ProcessFacts? Read()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(UsualBytes);
        try
        {
            var length = 0;
            while (Read(buffer.AsSpan(length), length) is > 0 and var more)
            {
                length += more;
                if (length == buffer.Length)
                {
                    var longer = ArrayPool<byte>.Shared.Rent(length * 2);
                    buffer.CopyTo(longer, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = longer;
                }
            }

            return length == 0 ? null : Parse(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => file.Dispose();

    /// <summary>Of the text of such a file.</summary>
    public static ProcessFacts Parse(ReadOnlySpan<byte> text) => new(
        Number(text, "\nVmRSS:"u8) * 1024,
        Number(text, "\nVmHWM:"u8) * 1024,
        Value(text, "\nState:"u8) is [(byte)'T' or (byte)'t', ..],
        Number(text, "\nTracerPid:"u8) > 0);

    private static long? Number(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name) =>
        Utf8Parser.TryParse(Value(text, name), out long value, out _) ? value : null;

    /// <summary>What stands behind a name, without the blanks.</summary>
    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var at = text.IndexOf(name);
        return at < 0 ? default : text[(at + name.Length)..].TrimStart(" \t"u8);
    }

    private int Read(Span<byte> buffer, int offset)
    {
        try
        {
            return RandomAccess.Read(file, buffer, offset);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

/// <summary>What the kernel says of a process at one moment.</summary>
/// <param name="ResidentBytes">Null when it has ended and is not reaped yet.</param>
/// <param name="PeakBytes">The most that was resident since its exec; null as above.</param>
/// <param name="IsStopped">A signal or a tracer has stopped it.</param>
/// <param name="IsTraced">A debugger or another tracer is attached.</param>
internal readonly record struct ProcessFacts(long? ResidentBytes, long? PeakBytes, bool IsStopped, bool IsTraced);
