using System.Diagnostics;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>The program as it was built, run by a shell.</summary>
internal static class BuiltProgram
{
    // What a terminal is to a program, of 100 columns; whatever comes from it is the output. Ctrl-C is pressed when the text of $3 has come.
    private const string Terminal = """
        import fcntl, os, pty, struct, sys, termios
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv("/bin/sh", ["sh", "-c", sys.argv[1]])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        seen = b""
        pressed = len(sys.argv) < 3
        while True:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
            if not pressed and sys.argv[2].encode() in seen:
                pressed = True
                os.write(terminal, b"\x03")
        sys.stdout.buffer.write(seen)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """;

    public static string ProgramFile { get; } = Path.Combine(
        RepositoryRoot.Path, "src", "WorkerHost.Sidecar", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "WorkerHost.Sidecar");

    /// <summary>A shell in which <c>workerhost</c> is this program, and finds the host of that file.</summary>
    public static Task<(int Code, string Output, string Error)> InShell(string script, string endpointFile) => RunAsync("bash", endpointFile, "-c", script);

    /// <summary>The same where input, output and errors are one terminal.</summary>
    /// <param name="script">For the shell.</param>
    /// <param name="endpointFile">Where the host is.</param>
    /// <param name="ctrlCAfter">When this has been seen, Ctrl-C is pressed.</param>
    public static Task<(int Code, string Output, string Error)> OnTerminal(string script, string endpointFile, params string[] ctrlCAfter) =>
        RunAsync("python3", endpointFile, ["-c", Terminal, script, .. ctrlCAfter]);

    private static async Task<(int Code, string Output, string Error)> RunAsync(string program, string endpointFile, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["WORKERHOST_ENDPOINT_FILE"] = endpointFile;
        start.Environment["WORKERHOST"] = ProgramFile;
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        start.Environment.Remove("WORKERHOST_HOST");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Eventually.Patience);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
