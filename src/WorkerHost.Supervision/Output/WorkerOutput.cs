using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// One worker's stdout and stderr: lines to the sink, at a bounded rate, and the last ones of stderr kept for the death
/// report. On the watcher's thread until the worker has ended.
/// </summary>
internal sealed class WorkerOutput
{
    private readonly WorkerId worker;
    private readonly OutputSink sink;

    /// <summary>Asked once: the watcher's thread calls no logger.</summary>
    private readonly bool isSeen;
    private readonly Func<TimeSpan> now;
    private readonly LineRate rate;
    private readonly OutputTail tail;
    private readonly LineSplitter stdout;
    private readonly LineSplitter stderr;

    public WorkerOutput(WorkerId worker, OutputSink sink, OutputOptions options, int tailLines, Func<TimeSpan> now)
    {
        this.worker = worker;
        this.sink = sink;
        isSeen = sink.IsEnabled;
        rate = new LineRate(options.LinesPerSecond, options.LinesAtOnce);
        this.now = now;
        tail = new OutputTail(tailLines);
        stdout = new LineSplitter(options.MaxLineBytes, line => Hand(OutputStream.Stdout, line));
        stderr = new LineSplitter(options.MaxLineBytes, line =>
        {
            tail.Add(line);
            Hand(OutputStream.Stderr, line);
        });
    }

    public void Feed(OutputStream stream, ReadOnlySpan<byte> bytes) =>
        (stream == OutputStream.Stdout ? stdout : stderr).Feed(bytes);

    /// <summary>Both streams are over; the last lines of stderr.</summary>
    public ImmutableArray<string> End()
    {
        stdout.End();
        stderr.End();
        if (rate.Suppressed > 0)
        {
            sink.TryWrite(new OutputLine(worker, OutputStream.Stderr, null, rate.Suppressed));
        }

        return tail.ToLines();
    }

    private void Hand(OutputStream stream, ReadOnlySpan<byte> line)
    {
        if (!isSeen || !rate.TryPass(now(), out var suppressed))
        {
            return;
        }

        if (!sink.TryWrite(new OutputLine(worker, stream, line.ToArray(), suppressed)))
        {
            rate.CountLost(suppressed + 1);
        }
    }
}
