using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Worker;

/// <summary>
/// The pipe that a supervisor holds for as long as it lives. It arrives as stdin; where the system allows, it is moved to a
/// private descriptor and stdin becomes /dev/null, so that user code cannot read it away and children do not inherit it.
/// </summary>
internal sealed class Lifeline
{
    private const int StandardInput = 0;

    // A watcher needs no room: it blocks in read.
    private const int WatcherStackBytes = 128 * 1024;

    private readonly Stream stream;

    private Lifeline(Stream stream) => this.stream = stream;

    public static Lifeline TakeStandardInput()
    {
        if (!OperatingSystem.IsLinux())
        {
            return new Lifeline(Console.OpenStandardInput());
        }

        // 3 is the lowest number that is not one of the standard ones.
        var own = Checked(LibC.fcntl(StandardInput, LibC.F_DUPFD_CLOEXEC, 3), "fcntl");
        var nothing = Checked(LibC.open("/dev/null", LibC.O_RDONLY | LibC.O_CLOEXEC), "open /dev/null");
        Checked(LibC.dup2(nothing, StandardInput), "dup2");
        _ = LibC.close(nothing);
        return new Lifeline(new FileStream(new SafeFileHandle(own, ownsHandle: true), FileAccess.Read, bufferSize: 0));
    }

    /// <summary>Blocks until a whole line has come. Null: the other end closed first.</summary>
    /// <exception cref="FormatException">No line within <paramref name="maxBytes"/>.</exception>
    public string? ReadLine(int maxBytes)
    {
        var buffer = new byte[maxBytes];
        var length = 0;
        while (true)
        {
            var read = stream.Read(buffer, length, maxBytes - length);
            if (read == 0)
            {
                return null;
            }

            var end = buffer.AsSpan(length, read).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return System.Text.Encoding.UTF8.GetString(buffer, 0, length + end);
            }

            length += read;
            if (length == maxBytes)
            {
                throw new FormatException($"the launch line has no end within {maxBytes} bytes");
            }
        }
    }

    /// <summary>
    /// Calls back once, from a thread of its own, when the other end has closed: with whether the last line was that there is no hurry.
    /// What else is written to it is ignored.
    /// </summary>
    public void Watch(Action<bool> ended) => new Thread(
        () =>
        {
            var last = new byte[LifelineWords.LeaveInYourOwnTime.Length];
            try
            {
                // Longer and shorter lines pass by: only a whole word at the end counts.
                for (int next; (next = stream.ReadByte()) >= 0;)
                {
                    last.AsSpan(1).CopyTo(last);
                    last[^1] = (byte)next;
                }
            }
            catch (IOException)
            {
                // As good as closed.
            }

            ended(last.AsSpan().SequenceEqual(LifelineWords.LeaveInYourOwnTime));
        },
        WatcherStackBytes)
    { Name = "workerhost lifeline", IsBackground = true }.UnsafeStart();

    private static int Checked(int result, string call) => result >= 0
        ? result
        : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call} failed while moving the lifeline: {Marshal.GetLastPInvokeErrorMessage()}");
}
