namespace WorkerHost.Sidecar.Configuration;

/// <summary>The files of TLS; read when the host starts.</summary>
internal sealed record TlsSettings
{
    /// <summary>A PEM file with the host's certificate and, after it, those that lead to its authority. Must be set.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>A PEM file with the certificate's private key, not encrypted. Default (null): it is in <see cref="Certificate"/>.</summary>
    public string? Key { get; init; }

    /// <summary>
    /// A PEM file with the authorities one of whom must have signed the certificate that a client shows; then each client has to show one.
    /// Default (null): clients are not asked for a certificate.
    /// </summary>
    public string? ClientAuthority { get; init; }
}
