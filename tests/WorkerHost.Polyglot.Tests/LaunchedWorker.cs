using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WorkerHost.Polyglot.Tests;

/// <summary>
/// The test worker, launched by what the worker contract says and nothing else: a marker in the environment, one line of
/// JSON on stdin, and stdin kept open.
/// </summary>
internal sealed class LaunchedWorker : IDisposable
{
    private readonly ManualResetEventSlim over = new();
    private readonly Process process;

    private LaunchedWorker(string address, string? secret)
    {
        // A worker asks to be killed with the thread that started it, so that thread stays until the end.
        var started = new TaskCompletionSource<Process>();
        new Thread(() =>
        {
            started.SetResult(Launch(address, secret));
            over.Wait();
        })
        { IsBackground = true, Name = "parent of the worker" }.Start();
        process = started.Task.GetAwaiter().GetResult();
    }

    public static LaunchedWorker OverUnixSocket(string path) => new($"unix://{path}", null);

    public static (LaunchedWorker Worker, string Address) OverTcp(string secret)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var address = probe.LocalEndpoint.ToString()!;
        probe.Stop();
        return (new LaunchedWorker($"http://{address}", secret), address);
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        over.Set();
    }

    private static Process Launch(string address, string? secret)
    {
        // …/tests/WorkerHost.Polyglot.Tests/bin/CONFIGURATION/net10.0/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(RepositoryRoot.Path, "tests", "WorkerHost.TestWorker", "bin", here.Parent!.Name, here.Name, "WorkerHost.TestWorker");
        var start = new ProcessStartInfo(program, ["--workerhost-worker", "polyglot"]) { RedirectStandardInput = true };
        start.Environment["WORKERHOST_WORKER"] = "1";
        var process = Process.Start(start)!;
        process.StandardInput.WriteLine(JsonSerializer.Serialize(new
        {
            minProtocol = 1,
            maxProtocol = 1,
            pool = "polyglot",
            slot = 3,
            incarnation = 5,
            address,
            secret,
            hostInstance = "the-test",
            concurrency = 1,
            drainMilliseconds = 1000,
            maxMessageBytes = 1 << 20,
        }));
        process.StandardInput.Flush();
        return process;
    }
}
