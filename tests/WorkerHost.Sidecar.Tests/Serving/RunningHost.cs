using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Grpc.Net.Client;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Sidecar.Tests.Admin;
using WorkerHost.Sidecar.Tests.Commands;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary><c>workerhost serve</c> as users run it: the built program with a file, found by its endpoint file; stopped and killed by signals.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private const string Token = "a-token-of-the-tests-0123456789";

    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentBag<GrpcChannel> channels = [];
    private readonly DirectoryInfo directory;
    private readonly bool ownsDirectory;
    private readonly Process process;
    private SupervisorAdmin.SupervisorAdminClient? admin;
    private HostEndpoints? endpoints;

    private RunningHost(DirectoryInfo directory, bool ownsDirectory, Process process)
    {
        this.directory = directory;
        this.ownsDirectory = ownsDirectory;
        this.process = process;
    }

    public int Pid => process.Id;

    /// <summary>For the files of a test, too.</summary>
    public string Directory => directory.FullName;

    public string EndpointFile => Path.Combine(Directory, "endpoint.json");

    public string Data => endpoints!.Data[0];

    /// <summary>The address of its listener for gRPC over TCP, where the settings say so.</summary>
    public string DataTcp => endpoints!.Data[1];

    public string Instance => endpoints!.Instance;

    /// <summary>Of a host that listens for it: with the token.</summary>
    public HttpClient Http() => Http(endpoints!.Http[0]);

    /// <summary>The same of the admin plane.</summary>
    public HttpClient AdminHttp() => Http(endpoints!.AdminHttp[0]);

    /// <summary>What the host, and everything it starts, finds as the directory for temporary files.</summary>
    public string Temporary => Path.Combine(Directory, "t");

    public SupervisorAdmin.SupervisorAdminClient Admin => admin ??= new SupervisorAdmin.SupervisorAdminClient(Channel(endpoints!.Admin[0]));

    /// <summary>What it has logged so far.</summary>
    public string Log => string.Join('\n', lines);

    /// <summary>It has logged no error so far.</summary>
    public void AssertNoErrors()
    {
        var errors = lines.Where(static line => line.Contains(" fail: ", StringComparison.Ordinal) || line.Contains(" crit: ", StringComparison.Ordinal)).ToList();
        Assert.True(errors.Count == 0, $"the host logs {errors.Count} errors: {string.Join('\n', errors)}");
    }

    /// <summary>A pool of test workers that starts them again soon.</summary>
    public static object Pool(int workers, params string[] arguments) => Pool(TestWorker.Path, workers, arguments);

    /// <summary>The same of any program.</summary>
    public static object Pool(string program, int workers, params string[] arguments) => new
    {
        command = new { fileName = program, arguments },
        workers,
        supervision = new { spares = 0, restart = new { intensity = 2, minBackoff = "10ms", maxBackoff = "300ms" } },
    };

    /// <summary>Returns when it listens.</summary>
    /// <param name="pools">By their names.</param>
    /// <param name="at">Where an earlier host was: its directory and sockets. Null: a new place.</param>
    /// <param name="http">It listens for HTTP, too, on both planes.</param>
    /// <param name="settings">What is set beside the file: <c>data:tcp=127.0.0.1:0</c>.</param>
    public static async Task<RunningHost> StartAsync(Dictionary<string, object> pools, string? at = null, bool http = false, params string[] settings)
    {
        var directory = at is null ? System.IO.Directory.CreateTempSubdirectory("wh-") : new DirectoryInfo(at);
        Write(directory.FullName, pools, http);
        var temporary = directory.CreateSubdirectory("t").FullName;
        File.Delete(Path.Combine(directory.FullName, "endpoint.json"));
        var start = new ProcessStartInfo(
            BuiltProgram.ProgramFile,
            [
                "serve", "--config", Path.Combine(directory.FullName, "workerhost.json"), "--endpoint-file", Path.Combine(directory.FullName, "endpoint.json"),
                "--exit-with-pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ])
        {
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = temporary;
        start.Environment["XDG_RUNTIME_DIR"] = temporary;
        foreach (var setting in settings)
        {
            start.ArgumentList.Add("--set");
            start.ArgumentList.Add(setting);
        }

        var host = new RunningHost(directory, at is null, Process.Start(start)!);
        host.process.ErrorDataReceived += (_, e) => host.Hear(e.Data);
        host.process.BeginErrorReadLine();
        await Eventually.IsTrue(() => File.Exists(host.EndpointFile) || host.process.HasExited, "the host listens");
        Assert.False(host.process.HasExited, $"the host ended at its start: {host.Log}");
        host.endpoints = Sidecar.Hosting.EndpointFile.Read(host.EndpointFile);
        return host;
    }

    /// <summary>Another configuration, for a reload.</summary>
    public void Reconfigure(Dictionary<string, object> pools) => Write(Directory, pools);

    public Task<WorkerPool> ConnectAsync(string? pool = null, WorkerPoolOptions? options = null) =>
        WorkerPool.ConnectAsync(new EndpointAddress(Data) { Pool = pool }, options ?? new WorkerPoolOptions { Name = "client" }, TestContext.Current.CancellationToken);

    /// <summary>A client with nothing but the contract.</summary>
    public TaskEndpoint.TaskEndpointClient Endpoint() => new(Channel(Data));

    public async Task<List<V1.WorkerStatus>> WorkersAsync(string pool = "") => [.. (await Admin.ListWorkersAsync(new ListWorkersRequest { Pool = pool })).Workers];

    public Task<(int Code, string Output, string Error)> CommandAsync(string arguments) => BuiltProgram.InShell($"\"$WORKERHOST\" {arguments}", EndpointFile);

    public Task LoggedAsync(string text) => Eventually.IsTrue(() => lines.Any(line => line.Contains(text, StringComparison.Ordinal)), $"the host logs \"{text}\"");

    /// <summary>TERM, HUP, KILL.</summary>
    public Task SignalAsync(string signal) => SignalAsync(signal, Pid);

    public static async Task SignalAsync(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Its exit code, when it has ended.</summary>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Eventually.Patience);
        return process.ExitCode;
    }

    /// <summary>Resident memory.</summary>
    public long ResidentBytes()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    public static bool IsAlive(int pid)
    {
        try
        {
            // Behind the name in brackets; a zombie runs no more.
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in channels)
        {
            channel.Dispose();
        }

        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
        if (ownsDirectory)
        {
            await Eventually.IsTrue(Removed, "nobody writes any more into the host's directory");
        }
    }

    private static void Write(string directory, Dictionary<string, object> pools, bool http = false)
    {
        var tokenFile = Path.Combine(directory, "token");
        if (http)
        {
            File.WriteAllText(tokenFile, Token);
            File.SetUnixFileMode(tokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.WriteAllText(Path.Combine(directory, "workerhost.json"), JsonSerializer.Serialize(new { pools, data = Plane("data.sock"), admin = Plane("admin.sock") }));

        object Plane(string socket) => http
            ? new { socket = Path.Combine(directory, socket), http = "127.0.0.1:0", tokenFile }
            : new { socket = Path.Combine(directory, socket) };
    }

    private static HttpClient Http(string address) => new()
    {
        BaseAddress = new Uri(address),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
    };

    // Workers of a killed host may be about to die in it.
    private bool Removed()
    {
        try
        {
            directory.Delete(recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private GrpcChannel Channel(string address)
    {
        var channel = AdminHost.Channel(address);
        channels.Add(channel);
        return channel;
    }

    private void Hear(string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}
