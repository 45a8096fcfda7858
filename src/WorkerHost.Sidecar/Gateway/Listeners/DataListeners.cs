using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Worker;
using ListenAddress = WorkerHost.Sidecar.Configuration.ListenAddress;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// The listeners that the settings ask for: who comes in is known by the kernel's word at the Unix socket, and elsewhere by what he shows. h2c and HTTP/1.1
/// cannot share a port, so each has its own.
/// </summary>
internal sealed class DataListeners(DataSettings settings, PeerPolicy peers, TlsFiles? tls, ConnectionLimit connections)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // Of strangers, too, and each costs some 30 KB until it is refused.
    private const int MaxStreams = 1000;

    private readonly List<ListenOptions> grpc = [];
    private ListenOptions? http;

    /// <summary>Where one listens for gRPC; known when the servers run.</summary>
    public ImmutableArray<string> Addresses => [.. grpc.Select(AddressOf)];

    /// <summary>Null: there is no listener for HTTP/1.1.</summary>
    public string? HttpAddress => http is null ? null : AddressOf(http);

    public Action<KestrelServerOptions> Local(string socket) => options => options.ListenUnixSocket(socket, listen =>
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(connections.OfKnown);
        listen.Use(peers.Guard);
        grpc.Add(listen);
    });

    /// <summary>TCP, where a peer may be gone without a word.</summary>
    public Action<KestrelServerOptions> Remote() => options =>
    {
        options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        options.Limits.Http2.KeepAlivePingDelay = settings.KeepAliveInterval;
        options.Limits.Http2.KeepAlivePingTimeout = settings.KeepAliveTimeout;
        Listen(options, settings.Tcp, HttpProtocols.Http2, grpc.Add);
        Listen(options, settings.Http, HttpProtocols.Http1, listen => http = listen);
    };

    /// <summary>Closes the socket's file to everybody else; strangers who were faster met the guard.</summary>
    public static void Protect(string socket)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private void Listen(KestrelServerOptions options, string? where, HttpProtocols protocols, Action<ListenOptions> keep)
    {
        if (where is null)
        {
            return;
        }

        options.Listen(ListenAddress.Parse(where) ?? throw new IOException($"'{where}' is nothing to listen at; allowed: {ListenAddress.Allowed}"), listen =>
        {
            listen.Protocols = protocols;
            listen.Use(connections.OfUnknown);
            if (tls is not null)
            {
                listen.UseHttps(Https(tls));
            }

            keep(listen);
        });
    }

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

    private string AddressOf(ListenOptions listen) =>
        listen.SocketPath is { } path ? $"unix://{path}" : $"{(tls is null ? "http" : "https")}://{listen.IPEndPoint}";
}
