using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>What is in the files of TLS. Dispose of it when nobody listens with it any more.</summary>
/// <param name="Certificate">The host's, with its private key.</param>
/// <param name="Chain">What leads from it to its authority.</param>
/// <param name="Authorities">Of clients; null: they are not asked for a certificate.</param>
internal sealed record TlsFiles(X509Certificate2 Certificate, X509Certificate2Collection Chain, X509Certificate2Collection? Authorities) : IDisposable
{
    /// <summary>Reads them; what cannot be read is told by the key of its setting, and then the return is null.</summary>
    public static TlsFiles? Read(TlsSettings settings, Action<string, string> wrong)
    {
        X509Certificate2? certificate = null;
        X509Certificate2Collection chain = [];
        X509Certificate2Collection? authorities = null;
        var good = settings.Certificate.Length == 0
            ? Told("certificate", "is not set; allowed: a PEM file")
            : Try("certificate", settings.Certificate, "a PEM file with a certificate", () => Import(chain, settings.Certificate))
                && Try(settings.Key is null ? "certificate" : "key", settings.Key ?? settings.Certificate, "a PEM file with the private key of the certificate, not encrypted", () =>
                {
                    certificate = X509Certificate2.CreateFromPemFile(settings.Certificate, settings.Key ?? settings.Certificate);
                });
        good &= settings.ClientAuthority is null || Try("clientAuthority", settings.ClientAuthority, "a PEM file with certificates", () =>
        {
            authorities = [];
            Import(authorities, settings.ClientAuthority);
        });
        var files = certificate is null ? null : new TlsFiles(certificate, chain, authorities);
        if (good)
        {
            return files;
        }

        files?.Dispose();
        return null;

        static void Import(X509Certificate2Collection certificates, string path)
        {
            certificates.ImportFromPemFile(path);
            if (certificates.Count == 0)
            {
                throw new CryptographicException("no certificate is in it");
            }
        }

        bool Told(string key, string problem)
        {
            wrong(key, problem);
            return false;
        }

        bool Try(string key, string path, string allowed, Action read)
        {
            try
            {
                read();
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or NotSupportedException)
            {
                return Told(key, $"is '{path}', which cannot be used: {e.Message.TrimEnd('.')}; allowed: {allowed}");
            }
        }
    }

    public void Dispose()
    {
        Certificate.Dispose();
        foreach (var one in Chain.Concat(Authorities ?? []))
        {
            one.Dispose();
        }
    }
}
