using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>The process at the other end of a Unix socket, as the kernel says.</summary>
internal sealed record PeerProcess(int Pid, uint Uid);

/// <summary>
/// Who may talk to a listener of ours. On a Unix socket: our own user and root, by SO_PEERCRED, before a byte is read. On TCP:
/// whoever shows the secret. One policy may serve both kinds of listeners.
/// </summary>
/// <param name="owner">Whose listener it is, for messages: <c>worker images/2#7</c>.</param>
/// <param name="secret">The bearer token of TCP; null where there are Unix sockets only.</param>
/// <param name="logger">Where strangers are logged.</param>
internal sealed partial class PeerPolicy(string owner, string? secret, ILogger logger)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    private readonly byte[]? expected = secret is null ? null : Encoding.UTF8.GetBytes($"Bearer {secret}");

    /// <summary>What whoever is not admitted is told.</summary>
    public string Demand { get; } = $"the bearer token of {owner} is required";

    /// <summary>Null: not one of us; the connection must be dropped. On systems without SO_PEERCRED the directory's mode has to do.</summary>
    public PeerProcess? Identify(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new PeerProcess(0, 0);
        }

        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return null;
        }

        Span<int> credentials = stackalloc int[3];
        try
        {
            if (socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials)) != 12)
            {
                return null;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }

        var peer = new PeerProcess(credentials[0], (uint)credentials[1]);
        if (peer.Uid == 0 || peer.Uid == LibC.geteuid())
        {
            return peer;
        }

        Log.Stranger(logger, peer.Pid, peer.Uid, owner);
        return null;
    }

    /// <summary>For the listener of a Unix socket: strangers are dropped before a byte of theirs is read.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => connection =>
    {
        if (Identify(connection) is not { } peer)
        {
            connection.Abort();
            return Task.CompletedTask;
        }

        connection.Features.Set(peer);
        return next(connection);
    };

    /// <summary>Whether the request shows the secret, or came over a guarded Unix socket.</summary>
    public bool Admits(HttpContext context)
    {
        if (expected is null || context.Features.Get<PeerProcess>() is not null)
        {
            return true;
        }

        var shown = context.Request.Headers.Authorization;
        return shown.Count == 1 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown[0] ?? ""), expected);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "refused process {Pid} of user {Uid} at the socket of {Owner}")]
        public static partial void Stranger(ILogger logger, int pid, uint uid, string owner);
    }
}
