using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>The process at the other end of a Unix socket, as the kernel says.</summary>
internal sealed record PeerProcess(int Pid, uint Uid);

/// <summary>
/// Who may talk to this worker. On a Unix socket: our own user and root, by SO_PEERCRED, before a byte is read. On TCP:
/// whoever shows the secret of the launch line. Control is for the process that started us.
/// </summary>
internal sealed partial class PeerPolicy(LaunchLine launch, int supervisorPid, ILogger logger)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    private readonly byte[]? expected = launch.Secret is { } secret ? Encoding.UTF8.GetBytes($"Bearer {secret}") : null;

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

        Log.Stranger(logger, peer.Pid, peer.Uid, launch.Worker);
        return null;
    }

    /// <summary>Whether the request shows the secret; always true on Unix sockets.</summary>
    public bool Admits(HttpRequest request)
    {
        if (expected is null)
        {
            return true;
        }

        var shown = request.Headers.Authorization;
        return shown.Count == 1 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown[0] ?? ""), expected);
    }

    /// <exception cref="RpcException">PERMISSION_DENIED: the caller is not the process that started this worker.</exception>
    public void RequireSupervisor(ServerCallContext context)
    {
        // On TCP the caller has shown the secret, which only the supervisor and those it trusts have.
        if (expected is not null || !OperatingSystem.IsLinux())
        {
            return;
        }

        var peer = context.GetHttpContext().Features.Get<PeerProcess>();
        if (peer is null || peer.Pid != supervisorPid)
        {
            throw new RpcException(new Status(
                StatusCode.PermissionDenied, $"only the process that started worker {launch.Worker} may control it"));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "refused process {Pid} of user {Uid} at the socket of worker {Worker}")]
        public static partial void Stranger(ILogger logger, int pid, uint uid, WorkerId worker);
    }
}
