using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WorkerHost.Client;

/// <summary>Who is at the other end of a Unix socket, by the kernel's word (Linux: SO_PEERCRED).</summary>
internal static class PeerCredentials
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <exception cref="IOException">The process at the other end is not the one that was spawned.</exception>
    public static void Check(Socket socket, WorkerEndpoint worker)
    {
        if (!OperatingSystem.IsLinux() || worker.Pid == 0)
        {
            return;
        }

        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        var pid = MemoryMarshal.Read<int>(credentials);
        if (pid != worker.Pid)
        {
            throw new IOException($"process {pid} listens at {worker.Address}, but worker {worker.Id} is process {worker.Pid}; nothing is sent to a stranger");
        }
    }
}
