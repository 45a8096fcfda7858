using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>Listeners that are encrypted, and perhaps ask clients for a certificate.</summary>
internal static class TlsListening
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Null: the settings ask for none.</summary>
    /// <exception cref="IOException">A file cannot be read; says which setting names it.</exception>
    public static TlsFiles? Read(ListenerSettings settings, string plane)
    {
        if (settings.Tls is null)
        {
            return null;
        }

        var problems = new List<string>();
        return TlsFiles.Read(settings.Tls, (key, what) => problems.Add($"{plane}:tls:{key} {what}"))
            ?? throw new IOException(string.Join("; ", problems));
    }

    public static void UseTls(this ListenOptions listen, TlsFiles files) => listen.UseHttps(Https(files));

    private static HttpsConnectionAdapterOptions Https(TlsFiles files)
    {
        var options = new HttpsConnectionAdapterOptions { ServerCertificate = files.Certificate, ServerCertificateChain = files.Chain };
        if (files.Authorities is { } authorities)
        {
            options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            options.ClientCertificateValidation = (certificate, shown, _) => IsSignedBy(authorities, certificate, shown);
        }

        return options;
    }

    // Of what the system trusts nothing counts: only the authorities of the settings do.
    private static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate2 certificate, X509Chain? shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new(ClientAuthentication));
        foreach (var between in shown?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(between.Certificate);
        }

        return chain.Build(certificate);
    }
}
