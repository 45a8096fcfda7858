using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WorkerHost.Supervision;

/// <summary>
/// Makes sure, by the kernel's word (SO_PEERCRED), that the process listening on a worker's socket is the one that was
/// spawned. Behind a launcher of the user's own, which may start the worker as a child, a descendant of it is as good; and
/// where the worker runs as another user, it must be that user.
/// </summary>
internal sealed class WorkerPeer(int spawned, IsolationPlan isolation)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>The launcher, its sandbox, its init: a handful.</summary>
    private const int MostAncestors = 16;

    private readonly int spawned = spawned;
    private readonly bool mayBeDescendant = !isolation.Options.Launcher.IsDefaultOrEmpty;

    /// <summary>Who listens; pools expect just that process.</summary>
    public int Pid { get; private set; } = spawned;

    /// <summary>Why it is a stranger; null when it is the worker.</summary>
    public string? Problem(Socket socket)
    {
        Span<int> credentials = stackalloc int[3];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials));
        var pid = credentials[0];
        if (isolation.Account is { } account && (uint)credentials[1] != account.UserId)
        {
            return string.Create(CultureInfo.InvariantCulture, $"process {pid} of user {(uint)credentials[1]} listens on the socket, and the worker is user {account.UserId}");
        }

        if (pid != spawned && !(mayBeDescendant && Descends(pid)))
        {
            return string.Create(CultureInfo.InvariantCulture, $"process {pid} listens on the socket, and not the one that was started ({Advice()})");
        }

        Pid = pid;
        return null;
    }

    private string Advice() => mayBeDescendant
        ? "Isolation.Launcher must stay an ancestor of the worker"
        : "a script should start its worker by exec";

    private bool Descends(int pid)
    {
        for (var i = 0; i < MostAncestors && pid > 1; i++)
        {
            if (pid == spawned)
            {
                return true;
            }

            pid = ProcessIdentity.ParentOf(pid);
        }

        return false;
    }
}
