using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>
/// A child's stdin, and our end of it: written to before there is a child to read it, it keeps up to 64 KiB for it. Thread-safe.
/// </summary>
internal sealed class InputPipe : IDisposable
{
    private readonly SafeFileHandle writeEnd;
    private int readEnd;

    /// <exception cref="IOException">There is no pipe to be had.</exception>
    public InputPipe()
    {
        var pipe = PipePair.Open();
        PipePair.MakeNonBlocking(pipe.WriteEnd);
        writeEnd = new SafeFileHandle(pipe.WriteEnd, ownsHandle: true);
        readEnd = pipe.ReadEnd;
    }

    /// <summary>For the spawn; negative once the child has its own.</summary>
    public int ReadEnd => readEnd;

    /// <summary>Never blocks; false when not all of it could be written, or this has been disposed.</summary>
    public unsafe bool Write(ReadOnlySpan<byte> bytes)
    {
        var held = false;
        try
        {
            writeEnd.DangerousAddRef(ref held);
            fixed (byte* start = bytes)
            {
                return bytes.IsEmpty || Libc.write((int)writeEnd.DangerousGetHandle(), start, bytes.Length) == bytes.Length;
            }
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (held)
            {
                writeEnd.DangerousRelease();
            }
        }
    }

    /// <summary>After the spawn, on the thread that did it: a child that has ended must not leave a reader behind.</summary>
    public void CloseReadEnd() => PipePair.Close(ref readEnd);

    /// <summary>Ends the child's stdin. Safe at any time, any number of times.</summary>
    public void Dispose() => writeEnd.Dispose();
}
