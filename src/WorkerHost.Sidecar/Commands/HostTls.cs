using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WorkerHost.Sidecar.Commands;

/// <summary>What a command line says of TLS. Immutable.</summary>
/// <param name="Authority">A PEM file with those who may have signed the host's certificate; null: whom the system trusts.</param>
/// <param name="Certificate">A PEM file with the certificate to show; null: none.</param>
/// <param name="Key">A PEM file with its private key; null: it is in the same file.</param>
internal sealed record HostTls(string? Authority, string? Certificate, string? Key)
{
    /// <summary>How TLS is spoken with a host.</summary>
    /// <param name="known">The file with the host's own certificate, if its endpoint file names one: that is trusted whoever signed it and whatever name is in it.</param>
    /// <exception cref="CommandException">A file of the command line cannot be used.</exception>
    public SslClientAuthenticationOptions With(string? known)
    {
        var authorities = Authority is null ? null : Read("--authority", Authority, "a PEM file with certificates", static path => All(path));
        var shown = Certificate is null ? null : Read("--certificate", Certificate, "a PEM file with a certificate, and in it or in that of --key its private key, not encrypted",
            path => X509Certificate2.CreateFromPemFile(path, Key ?? path));
        var own = authorities is null ? First(known) : null;
        return new SslClientAuthenticationOptions
        {
            ClientCertificates = shown is null ? null : [shown],
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                certificate is not null && (authorities is null
                    ? errors == SslPolicyErrors.None || own?.RawData.AsSpan().SequenceEqual(certificate.GetRawCertData()) == true
                    : (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0 && IsSignedBy(authorities, new X509Certificate2(certificate), chain)),
        };
    }

    private static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate2 certificate, X509Chain? sent)
    {
        using (certificate)
        using (var chain = new X509Chain())
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            foreach (var between in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            {
                chain.ChainPolicy.ExtraStore.Add(between.Certificate);
            }

            return chain.Build(certificate);
        }
    }

    private static X509Certificate2Collection All(string path)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(path);
        return all.Count > 0 ? all : throw new CryptographicException("no certificate is in it");
    }

    // One that cannot be read is not known; then it counts whom the system trusts.
    private static X509Certificate2? First(string? path)
    {
        try
        {
            return path is null ? null : All(path)[0];
        }
        catch (Exception e) when (IsUnusable(e))
        {
            return null;
        }
    }

    private static T Read<T>(string option, string path, string allowed, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new CommandException(ExitCode.Usage, $"{option} is '{path}', which cannot be used: {e.Message.TrimEnd('.')}; allowed: {allowed}", e);
        }
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or NotSupportedException;
}
