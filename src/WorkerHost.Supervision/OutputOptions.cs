namespace WorkerHost;

/// <summary>Where what workers write to stdout and stderr goes.</summary>
public enum OutputMode
{
    /// <summary>
    /// To the logger, line by line, with the worker that wrote it: category <c>WorkerHost.WorkerOutput</c>. The default.
    /// </summary>
    Log = 0,

    /// <summary>
    /// To the host's own stdout and stderr, as it was written, control characters included. Lines stay whole and those of several
    /// workers do not mix; nothing says whose they are.
    /// </summary>
    PassThrough = 1,

    /// <summary>Nowhere.</summary>
    Discard = 2,
}

/// <summary>
/// What becomes of the workers' stdout and stderr. Whatever it is, no worker ever waits for it, memory is bounded, and the last lines
/// of stderr are kept for the death report (<see cref="SupervisorOptions.OutputTailLines"/>).
/// </summary>
public sealed record OutputOptions
{
    /// <summary>Where it goes. Default: to the logger.</summary>
    public OutputMode Mode { get; init; } = OutputMode.Log;

    /// <summary>
    /// Longer lines are cut here and the rest thrown away, from 128 to 1 048 576 bytes. Up to 512 lines wait for a slow logger. Default
    /// 16 KiB.
    /// </summary>
    public int MaxLineBytes { get; init; } = 16 * 1024;

    /// <summary>
    /// How many lines of one worker go on per second in the long run, at least 1; the others are counted, and the count is told. With
    /// <see cref="OutputMode.PassThrough"/> too. Default 100.
    /// </summary>
    public int LinesPerSecond { get; init; } = 100;

    /// <summary>How many lines of one worker may go on at once after a silence, at least 1. Default 200.</summary>
    public int LinesAtOnce { get; init; } = 200;

    /// <summary>
    /// A line that is a JSON object with a message and perhaps a level, as structured loggers write, is logged with that level, message
    /// and its other fields; its category, if it has one, comes after <c>WorkerHost.WorkerOutput.</c>. Only with
    /// <see cref="OutputMode.Log"/>. Default true; false: such a line is text like any other.
    /// </summary>
    public bool StructuredLines { get; init; } = true;
}
