using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>Where a running host can be found: what its endpoint file says.</summary>
internal sealed record HostEndpoints
{
    /// <summary>The instance of the host: another one after each start.</summary>
    public required string Instance { get; init; }

    /// <summary>The host's process.</summary>
    public required int Pid { get; init; }

    /// <summary>
    /// What is listened at as it was bound, <c>https://0.0.0.0:7070</c> for all addresses of this machine; the others are addresses that a client on
    /// this machine connects to. Empty: they are the same.
    /// </summary>
    public ImmutableArray<string> Bound { get; init; } = [];

    /// <summary>Where tasks are taken by gRPC, the best first: <c>unix:///run/x.sock</c>, <c>http://127.0.0.1:7070</c>.</summary>
    public ImmutableArray<string> Data { get; init; } = [];

    /// <summary>Where tasks are taken by HTTP/1.1.</summary>
    public ImmutableArray<string> Http { get; init; } = [];

    /// <summary>Where operators come by gRPC.</summary>
    public ImmutableArray<string> Admin { get; init; } = [];

    /// <summary>Where health and metrics are, by HTTP/1.1.</summary>
    public ImmutableArray<string> AdminHttp { get; init; } = [];

    /// <summary>The file with the token for TCP of the data plane; the token itself is nowhere but there.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The same of the admin plane.</summary>
    public string? AdminTokenFile { get; init; }

    /// <summary>The file with the certificate that the data plane shows over TCP: who finds the host here takes that one, whoever signed it. Null: no TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>The same of the admin plane.</summary>
    public string? AdminCertificate { get; init; }
}
