using System.Globalization;
using System.Net;

namespace WorkerHost.Worker;

/// <summary>The address of the launch line: a Unix socket's path, or an endpoint on the loopback interface.</summary>
internal sealed record ListenAddress(string? SocketPath, IPEndPoint? EndPoint)
{
    private const string UnixScheme = "unix://";

    // sun_path of sockaddr_un holds 108 bytes with its final zero.
    private const int MaxPathBytes = 107;

    /// <exception cref="LaunchException">It cannot be listened on; the message says what to change.</exception>
    public static ListenAddress Parse(LaunchLine launch)
    {
        var address = launch.Address;
        if (address.StartsWith(UnixScheme, StringComparison.Ordinal))
        {
            var path = address[UnixScheme.Length..];
            var bytes = System.Text.Encoding.UTF8.GetByteCount(path);
            return !path.StartsWith('/') || bytes > MaxPathBytes
                ? throw Unusable($"a socket's path is absolute and has at most {MaxPathBytes} bytes, \"{path}\" has {bytes}; set TMPDIR to a shorter folder")
                : new ListenAddress(path, null);
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.Port == 0)
        {
            throw Unusable($"the address \"{address}\" is neither unix:///path nor http://127.0.0.1:port");
        }

        var host = uri.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) ? ip : null;
        if (host is null || !IPAddress.IsLoopback(host))
        {
            throw Unusable(string.Create(CultureInfo.InvariantCulture, $"a worker listens on the loopback interface only, not on \"{uri.Host}\""));
        }

        return string.IsNullOrEmpty(launch.Secret)
            ? throw Unusable($"the address \"{address}\" is TCP, and the launch line has no secret")
            : new ListenAddress(null, new IPEndPoint(host, uri.Port));
    }

    private static LaunchException Unusable(string why) => new(WorkerExitCode.CannotServe, why);
}
