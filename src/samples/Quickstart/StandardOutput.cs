using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace WorkerHost.Samples.Quickstart;

/// <summary>
/// Whole lines to stdout, several at a time, but none is held back for long while others come. .NET's own stream hides
/// that a pipe's reader has gone; this one says it.
/// </summary>
internal sealed class StandardOutput
{
    private const int FlushBytes = 32 * 1024;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(100);

    private readonly ArrayBufferWriter<byte> text = new(FlushBytes * 2);
    private long flushed;

    /// <summary>Where to write the present line, without its end.</summary>
    public IBufferWriter<byte> Line => text;

    public void WriteLine(string line)
    {
        Encoding.UTF8.GetBytes(line, text);
        EndLine();
    }

    public void EndLine()
    {
        text.Write("\n"u8);
        if (text.WrittenCount >= FlushBytes || flushed == 0 || TimeProvider.System.GetElapsedTime(flushed) >= FlushInterval)
        {
            Flush();
        }
    }

    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Flush()
    {
        for (var rest = text.WrittenSpan; rest.Length > 0;)
        {
            var written = Libc.Write(Libc.StdoutFileno, rest, rest.Length);
            if (written >= 0)
            {
                rest = rest[(int)written..];
            }
            else if (Marshal.GetLastPInvokeError() is var error && error == Libc.EAGAIN)
            {
                // Whoever shares it has made it non-blocking; the reader is slow.
                Thread.Sleep(10);
            }
            else if (error != Libc.EINTR)
            {
                throw new OutputException(error);
            }
        }

        text.ResetWrittenCount();
        flushed = TimeProvider.System.GetTimestamp();
    }
}
