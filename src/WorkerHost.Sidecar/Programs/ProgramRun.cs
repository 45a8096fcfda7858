using System.Buffers;
using System.Collections.Immutable;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Programs;

/// <summary>
/// One process of a program, leader of a group of its own: what it writes to stdout, its last lines on stderr, its end. Fed by the watcher's thread; read by
/// the lane when it has ended.
/// </summary>
/// <param name="maxOutputBytes">More than that on stdout, and its group is killed.</param>
internal sealed class ProgramRun(int maxOutputBytes) : ChildListener
{
    private const int LinesTold = 20;
    private const int LongestLine = 4096;

    private readonly TaskCompletionSource<ExitFacts> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ArrayBufferWriter<byte> output = new();
    private readonly OutputTail tail = new(LinesTold);
    private LineSplitter? lines;
    private volatile ChildProcess? child;
    private volatile bool tooMuch;

    /// <summary>How it ended; everything that it wrote has been read, and its group is gone.</summary>
    public Task<ExitFacts> Ended => ended.Task;

    public ReadOnlyMemory<byte> Stdout => output.WrittenMemory;

    public bool WroteTooMuch => tooMuch;

    public ImmutableArray<string> LastLines => tail.ToLines();

    public void Follow(ChildProcess started)
    {
        child = started;
        if (tooMuch)
        {
            Signal(SignalNames.Kill);
        }
    }

    /// <summary>To it and all that it has started and that has stayed in its group.</summary>
    public void Signal(int signal) => child?.Signal(signal, group: true);

    public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        if (stream == OutputStream.Stderr)
        {
            (lines ??= new LineSplitter(LongestLine, tail.Add)).Feed(bytes);
        }
        else if (output.WrittenCount + bytes.Length <= maxOutputBytes)
        {
            output.Write(bytes);
        }
        else if (!tooMuch)
        {
            tooMuch = true;
            Signal(SignalNames.Kill);
        }
    }

    public override void Exited(ExitFacts facts, long? peakMemoryBytes)
    {
        lines?.End();
        ended.TrySetResult(facts);
    }

    public override void Faulted(Exception exception) => ended.TrySetException(exception);
}
