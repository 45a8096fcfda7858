namespace WorkerHost.Sidecar.Configuration;

/// <summary>What one line of the log looks like.</summary>
internal enum LogFormat
{
    /// <summary>For people.</summary>
    Console = 0,

    /// <summary>One JSON object per line, for programs.</summary>
    Json = 1,
}

/// <summary>The log of the host and of its workers; it goes to stderr.</summary>
internal sealed record LogSettings
{
    /// <summary>What a line looks like: <c>console</c> for people or <c>json</c> for programs. Default <c>console</c>.</summary>
    public LogFormat Format { get; init; } = LogFormat.Console;

    /// <summary>The lowest level that is written: <c>trace</c>, <c>debug</c>, <c>information</c>, <c>warning</c>, <c>error</c>, <c>critical</c> or <c>none</c>. Default <c>information</c>.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;
}
