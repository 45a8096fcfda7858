using System.Net;
using System.Net.Sockets;

namespace WorkerHost.Supervision;

/// <summary>
/// A port of 127.0.0.1 that was free a moment ago. Somebody may take it before the worker does; then the worker cannot
/// serve, and its next incarnation gets another.
/// </summary>
internal static class FreePort
{
    public static int Find()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
