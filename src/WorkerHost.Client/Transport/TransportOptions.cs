namespace WorkerHost.Client;

/// <summary>What connections need to know of the pool's settings.</summary>
internal sealed record TransportOptions
{
    public int MaxMessageBytes { get; init; } = ProtocolLimits.DefaultMaxMessageBytes;

    public required Random Random { get; init; }

    /// <summary>What the pool's settings are called in messages.</summary>
    public SettingNames Names { get; init; } = SettingNames.Members;

    /// <summary>The pool's clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>
    /// So long tries to reach a host fail until its breaker is open. The default is five or six tries at one that refuses at once; most are back by then
    /// that were only started again.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Tests put a stream of their own around a session's socket.</summary>
    public Func<Stream, Stream>? WrapSocket { get; init; }
}
