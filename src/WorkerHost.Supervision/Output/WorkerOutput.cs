using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// One worker's stdout and stderr: lines to the log, at a bounded rate, and the last ones of stderr kept for the death
/// report. On the watcher's thread until the worker has ended.
/// </summary>
internal sealed class WorkerOutput
{
    private const double LinesPerSecond = 100;
    private const double LinesAtOnce = 200;

    private readonly WorkerId worker;
    private readonly OutputLog log;

    /// <summary>Asked once: the watcher's thread calls no logger.</summary>
    private readonly bool logs;
    private readonly Func<TimeSpan> now;
    private readonly LineRate rate = new(LinesPerSecond, LinesAtOnce);
    private readonly OutputTail tail;
    private readonly LineSplitter stdout;
    private readonly LineSplitter stderr;

    public WorkerOutput(WorkerId worker, OutputLog log, int tailLines, Func<TimeSpan> now)
    {
        this.worker = worker;
        this.log = log;
        logs = log.IsEnabled;
        this.now = now;
        tail = new OutputTail(tailLines);
        stdout = new LineSplitter(line => Hand(OutputStream.Stdout, line));
        stderr = new LineSplitter(line =>
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
            log.TryWriteSuppressed(worker, rate.Suppressed);
        }

        return tail.ToLines();
    }

    private void Hand(OutputStream stream, ReadOnlySpan<byte> line)
    {
        if (!logs || !rate.TryPass(now(), out var suppressed))
        {
            return;
        }

        if (!log.TryWrite(worker, stream, HarmlessText.From(line), suppressed))
        {
            rate.CountLost(suppressed + 1);
        }
    }
}
