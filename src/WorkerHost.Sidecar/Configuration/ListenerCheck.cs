using System.Net;
using System.Text;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Finds listeners that could not be, or that would let anybody in.</summary>
internal static class ListenerCheck
{
    public static void Find(HostSettings settings, Action<string, string> wrong)
    {
        (string Path, IPEndPoint Address)[] addresses = [.. Plane("data", settings.Data, wrong), .. Plane("admin", settings.Admin, wrong)];
        for (var i = 0; i < addresses.Length; i++)
        {
            var other = addresses.Take(i).FirstOrDefault(other => ListenAddress.Collide(other.Address, addresses[i].Address));
            if (other.Path is not null)
            {
                wrong(addresses[i].Path, $"is {addresses[i].Address}, and {other.Path} is {other.Address}; allowed: an address of its own for each");
            }
        }

        if (settings is { Data.Socket: { } data, Admin.Socket: { } admin } && IsPath(data) && IsPath(admin) && Path.GetFullPath(data) == Path.GetFullPath(admin))
        {
            wrong("admin:socket", $"is '{admin}', and so is data:socket; allowed: a path of its own for each");
        }
    }

    private static List<(string Path, IPEndPoint Address)> Plane(string plane, ListenerSettings settings, Action<string, string> wrong)
    {
        Socket(plane, settings.Socket, wrong);
        if (settings.TokenFile is { } file && TokenFile.Read(file).Problem is { } problem)
        {
            wrong($"{plane}:tokenFile", problem);
        }

        if (settings.Tls is { } tls)
        {
            TlsFiles.Read(tls, (key, what) => wrong($"{plane}:tls:{key}", what))?.Dispose();
        }

        var addresses = new List<(string, IPEndPoint)>();
        foreach (var (key, text) in new[] { ("tcp", settings.Tcp), ("http", settings.Http) })
        {
            var path = $"{plane}:{key}";
            if (text is null)
            {
                continue;
            }

            if (ListenAddress.Parse(text) is not { } address)
            {
                wrong(path, $"is '{text}'; allowed: {ListenAddress.Allowed}");
                continue;
            }

            addresses.Add((path, address));
            Guard(plane, path, text, address, settings, wrong);
        }

        return addresses;
    }

    /// <summary>The rules for who may come in over TCP.</summary>
    private static void Guard(string plane, string path, string text, IPEndPoint address, ListenerSettings settings, Action<string, string> wrong)
    {
        var known = settings.TokenFile is not null || settings.Tls?.ClientAuthority is not null;
        if (IPAddress.IsLoopback(address.Address))
        {
            if (!known)
            {
                wrong(path, $"is '{text}', where every user of this machine could come in; allowed: with {plane}:tokenFile or {plane}:tls:clientAuthority");
            }

            return;
        }

        string[] missing =
        [
            .. settings.Tls is null ? [$"{plane}:tls"] : Array.Empty<string>(),
            .. known ? Array.Empty<string>() : [$"{plane}:tokenFile or {plane}:tls:clientAuthority"],
        ];
        if (missing.Length > 0)
        {
            wrong(path, $"is '{text}', which others than this machine can reach; allowed: with {string.Join(" and ", missing)}, or a loopback address");
        }
    }

    private static bool IsPath(string socket) =>
        socket.Length > 0 && !socket.Contains("://", StringComparison.Ordinal) && !socket.Contains('\0', StringComparison.Ordinal);

    private static void Socket(string plane, string? socket, Action<string, string> wrong)
    {
        var path = $"{plane}:socket";
        if (socket is null)
        {
            return;
        }

        if (!IsPath(socket))
        {
            wrong(path, $"is '{socket.Replace("\0", "\\0", StringComparison.Ordinal)}'; allowed: the path of a file, as /run/workerhost/{plane}.sock");
            return;
        }

        var full = Path.GetFullPath(socket);
        var bytes = Encoding.UTF8.GetByteCount(full);
        if (bytes > PrivateDirectory.LongestSocketPath)
        {
            wrong(path, $"is '{socket}', {bytes} bytes long from the root; allowed: at most {PrivateDirectory.LongestSocketPath}, as the system's own limit is");
        }
        else if (Directory.Exists(full))
        {
            wrong(path, $"is '{socket}', which is a directory; allowed: the path of a file in it");
        }
        else if (OperatingSystem.IsLinux() && FileFacts.Of(full) is { IsSocket: false })
        {
            wrong(path, $"is '{socket}', where something else is than a socket; allowed: a path where nothing is, or a socket that a host has left");
        }
        else if (!Directory.Exists(Path.GetDirectoryName(full)))
        {
            wrong(path, $"is '{socket}', whose directory is not there; allowed: a path in a directory that exists");
        }
    }
}
