using System.Diagnostics;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A process of another user at a socket that is wide open, so that the kernel's word about it has to suffice.</summary>
internal static class OtherUser
{
    private const string Ask = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[1])
        try:
            s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            print(len(s.recv(100)))
        except OSError:
            print(0)
        """;

    public static void Demand()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
        RequiredTool.Demand(File.Exists("/usr/bin/setpriv"), "setpriv");
    }

    /// <summary>Whether user 65534 is answered there, and whether our own is.</summary>
    public static async Task<(bool Other, bool Own)> AnsweredAsync(string socket)
    {
        File.SetUnixFileMode(Path.GetDirectoryName(socket)!, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(socket, (UnixFileMode)0b110_110_110);
        try
        {
            var other = await ReadAsync("/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", "/usr/bin/python3", "-c", Ask, socket);
            return (other != "0", await ReadAsync("/usr/bin/python3", "-c", Ask, socket) != "0");
        }
        finally
        {
            File.SetUnixFileMode(socket, (UnixFileMode)0b110_000_000);
        }
    }

    private static async Task<string> ReadAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.Trim();
    }
}
