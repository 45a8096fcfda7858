using System.Net.Sockets;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>A host that was killed leaves its socket behind, and nobody can listen there again before it is removed.</summary>
internal static class StaleSocket
{
    /// <param name="path">Where somebody is about to listen.</param>
    /// <param name="setting">What says so, for messages.</param>
    /// <exception cref="IOException">Somebody listens there, or it is no socket.</exception>
    public static void Remove(string path, string setting)
    {
        var facts = OperatingSystem.IsLinux() ? FileFacts.Of(path) : null;
        if (facts is null && !Path.Exists(path))
        {
            return;
        }

        // A link is none either: nobody can listen at one, wherever it leads.
        if (facts is { IsSocket: false })
        {
            throw new IOException($"{path} is there and no socket; remove it, or give {setting} another path");
        }

        switch (Silence(path))
        {
            case null:
                throw new IOException($"another process listens at {path}; stop it, or give {setting} another path");
            case { SocketErrorCode: SocketError.ConnectionRefused }:
                File.Delete(path);
                break;
            case var e:
                throw new IOException($"the socket {path} is there, and cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Why nobody can be talked to there; null: somebody listens.</summary>
    public static SocketException? Silence(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return null;
        }
        catch (SocketException e)
        {
            return e;
        }
    }
}
