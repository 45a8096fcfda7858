namespace WorkerHost.Supervision;

/// <summary>A line on its way. Null bytes: only a count of what was suppressed.</summary>
internal readonly record struct OutputLine(WorkerId Worker, OutputStream Stream, byte[]? Bytes, long Suppressed);

/// <summary>Where the lines of workers go. Told by the watcher's thread, which must never wait.</summary>
internal abstract class OutputSink : IAsyncDisposable
{
    /// <summary>Throws everything away.</summary>
    public static OutputSink Nowhere { get; } = new Nothing();

    /// <summary>False: nobody will see a line, so none has to be made.</summary>
    public abstract bool IsEnabled { get; }

    public static OutputSink For(OutputOptions options, Microsoft.Extensions.Logging.ILoggerFactory loggers) => options.Mode switch
    {
        OutputMode.Log => new OutputLog(options, loggers),
        OutputMode.PassThrough => new OutputPassThrough(options, loggers),
        OutputMode.Discard => Nowhere,
        _ => throw new InvalidOperationException($"no output goes by {options.Mode}"),
    };

    /// <summary>Never blocks; false when the queue is full.</summary>
    public abstract bool TryWrite(OutputLine line);

    /// <summary>Returns when what was written has been handed on.</summary>
    public abstract ValueTask DisposeAsync();

    private sealed class Nothing : OutputSink
    {
        public override bool IsEnabled => false;

        public override bool TryWrite(OutputLine line) => true;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
