using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// Writes the workers' lines to the host's own stdout and stderr, on a thread of its own, because whoever reads those may stand
/// still. What does not fit into its queue meanwhile is counted as suppressed.
/// </summary>
internal sealed class OutputPassThrough : OutputSink
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(2);

    private readonly Channel<OutputLine> queue = Channel.CreateBounded<OutputLine>(new BoundedChannelOptions(OutputLog.QueueLength) { SingleReader = true });
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OutputOptions options;
    private readonly ILogger logger;
    private readonly Stream stdout;
    private readonly Stream stderr;

    public OutputPassThrough(OutputOptions options, ILoggerFactory loggers)
        : this(options, loggers, Console.OpenStandardOutput(), Console.OpenStandardError())
    {
    }

    public OutputPassThrough(OutputOptions options, ILoggerFactory loggers, Stream stdout, Stream stderr)
    {
        this.options = options;
        this.stdout = stdout;
        this.stderr = stderr;
        logger = loggers.CreateLogger(SuppressedLines.Category);
        new Thread(Pump) { IsBackground = true, Name = "workerhost-output" }.Start();
    }

    public override bool IsEnabled => true;

    public override bool TryWrite(OutputLine line) => queue.Writer.TryWrite(line);

    /// <summary>A host whose own output is stuck is not held up for it.</summary>
    public override async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await Task.WhenAny(done.Task, Task.Delay(LongestGoodbye, TimeProvider.System)).ConfigureAwait(false);
    }

    private void Pump()
    {
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (queue.Reader.TryRead(out var line))
            {
                try
                {
                    SuppressedLines.Tell(logger, options, line);
                    Write(line);
                }
                catch (Exception)
                {
                    // Nobody reads the host's output any more, or its logger throws: the line is lost, the next is tried.
                }
            }
        }

        done.SetResult();
    }

    private void Write(OutputLine line)
    {
        if (line.Bytes is { } bytes)
        {
            // The line and its end in one write, which nobody else's comes between.
            var stream = line.Stream == OutputStream.Stdout ? stdout : stderr;
            stream.Write([.. bytes, (byte)'\n']);
            stream.Flush();
        }
    }
}
