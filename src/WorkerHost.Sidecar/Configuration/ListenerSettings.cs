namespace WorkerHost.Sidecar.Configuration;

/// <summary>Where a host listens for one kind of peers, and how it knows them. A change takes a restart of the host.</summary>
internal abstract record ListenerSettings
{
    /// <summary>
    /// The path of the Unix socket for gRPC, at most 107 bytes, in a directory that exists; a relative one begins at the host's current
    /// directory. Whoever is the host's own user or root may connect, nobody else. Default (null): in a private directory that the host makes.
    /// </summary>
    public string? Socket { get; init; }

    /// <summary>
    /// An address for gRPC over TCP (HTTP/2): <c>127.0.0.1:7070</c>, <c>[::1]:7070</c>, <c>localhost:7070</c> (127.0.0.1) or <c>*:7070</c>
    /// (all of this machine's); port 0: one that is free. Needs <c>tokenFile</c> or <c>tls:clientAuthority</c>; beyond this machine
    /// <c>tls</c>, too. Default (null): none.
    /// </summary>
    public string? Tcp { get; init; }

    /// <summary>The same for HTTP/1.1. Never the address of <c>tcp</c>: without TLS the two cannot share one. Default (null): none.</summary>
    public string? Http { get; init; }

    /// <summary>
    /// A file with the token that peers over TCP and HTTP show as <c>authorization: Bearer TOKEN</c>: 16 to 4096 visible ASCII characters,
    /// blanks around them do not count. Others than its owner and group may have no right to the file. Default (null): no token.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>What <c>tcp</c> and <c>http</c> are encrypted with. Default (null): they are not.</summary>
    public TlsSettings? Tls { get; init; }
}
