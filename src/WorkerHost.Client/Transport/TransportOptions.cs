namespace WorkerHost.Client;

/// <summary>What connections need to know of the pool's settings.</summary>
internal sealed record TransportOptions
{
    public int MaxMessageBytes { get; init; } = ProtocolLimits.DefaultMaxMessageBytes;

    public required Random Random { get; init; }

    /// <summary>The pool's clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Tests put a stream of their own around a session's socket.</summary>
    public Func<Stream, Stream>? WrapSocket { get; init; }
}
