using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using WorkerHost.V1;

namespace WorkerHost.Worker.Tests;

/// <summary>A real test worker with the least of a supervisor around it.</summary>
internal sealed partial class WorkerUnderTest : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly Task<string> stdout;
    private readonly Task<string> stderr;
    private readonly DirectoryInfo folder;
    private readonly Lazy<GrpcChannel> channel;

    private WorkerUnderTest(Process process, DirectoryInfo folder, LaunchLine launch)
    {
        this.process = process;
        this.folder = folder;
        Launch = launch;
        stdout = process.StandardOutput.ReadToEndAsync();
        stderr = process.StandardError.ReadToEndAsync();
        channel = new Lazy<GrpcChannel>(OpenChannel);
    }

    public LaunchLine Launch { get; }

    public GrpcChannel Channel => channel.Value;

    public TaskEndpoint.TaskEndpointClient Endpoint => new(Channel);

    public int Pid => process.Id;

    public string Folder => folder.FullName;

    public string SocketPath => Launch.Address["unix://".Length..];

    public static string TestWorkerPath { get; } = Find();

    /// <summary>Starts a worker and waits until health says SERVING.</summary>
    public static async Task<WorkerUnderTest> StartAsync(Func<LaunchLine, LaunchLine>? change = null, params string[] arguments)
    {
        var worker = await LaunchAsync(change, arguments);
        await worker.ServingAsync();
        return worker;
    }

    /// <summary>Starts a worker and does not wait.</summary>
    public static async Task<WorkerUnderTest> LaunchAsync(Func<LaunchLine, LaunchLine>? change = null, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("wh-sdk-");
        var launch = new LaunchLine
        {
            MinProtocol = 1,
            MaxProtocol = 1,
            Pool = "tests",
            Slot = 2,
            Incarnation = 7,
            Address = $"unix://{folder.FullName}/s",
            Ledger = $"{folder.FullName}/ledger",
            HostInstance = "instance",
            Concurrency = 1,
            DrainMilliseconds = 30_000,
            MaxMessageBytes = ProtocolLimits.DefaultMaxMessageBytes,
        };
        launch = change is null ? launch : change(launch);
        if (launch.Ledger is { } path && !File.Exists(path))
        {
            LedgerPage.Create(path, launch.Concurrency, launch.Incarnation);
        }

        var process = await SpawnAsync(supervised: true, arguments);
        await process.StandardInput.WriteAsync(launch.ToJson() + "\n");
        await process.StandardInput.FlushAsync();
        return new WorkerUnderTest(process, folder, launch);
    }

    public static Task<Process> SpawnAsync(bool supervised, params string[] arguments)
    {
        var info = new ProcessStartInfo(TestWorkerPath, [.. arguments, LaunchMarker.Argument, "tests"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (supervised)
        {
            info.Environment[LaunchMarker.EnvironmentVariable] = "1";
        }

        return Spawner.StartAsync(info);
    }

    /// <summary>A channel of its own: another connection to the same worker.</summary>
    public GrpcChannel OpenChannel() => GrpcChannel.ForAddress(
        Launch.Address.StartsWith("unix:", StringComparison.Ordinal) ? "http://localhost" : Launch.Address,
        new GrpcChannelOptions
        {
            HttpHandler = Handler(),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        });

    public Task<SessionUnderTest> OpenSessionAsync(Action<ClientHello>? change = null) => SessionUnderTest.OpenAsync(Endpoint, change);

    public async Task<RunResponse> RunAsync(string task, string json) => await Endpoint.RunAsync(Request(task, json), Call());

    public async Task<string> RunJsonAsync(string task, string json) => (await RunAsync(task, json)).Result.Data.ToStringUtf8();

    public static RunRequest Request(string task, string json) => new()
    {
        Task = task,
        Payload = new Payload { Data = Google.Protobuf.ByteString.CopyFromUtf8(json) },
    };

    public CallOptions Call() => Launch.Secret is null
        ? new CallOptions(cancellationToken: TestContext.Current.CancellationToken)
        : new CallOptions(new Metadata { { "authorization", $"Bearer {Launch.Secret}" } }, cancellationToken: TestContext.Current.CancellationToken);

    public async Task ServingAsync()
    {
        if (Launch.Secret is null)
        {
            await Task.WhenAny(FileAsync("s"), process.WaitForExitAsync());
        }

        // Between the making of a socket and its first connection only trying tells.
        var client = new Health.HealthClient(Channel);
        while (true)
        {
            try
            {
                using var watch = client.Watch(new HealthCheckRequest(), Call());
                while (await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
                {
                    if (watch.ResponseStream.Current.Status == HealthCheckResponse.Types.ServingStatus.Serving)
                    {
                        return;
                    }
                }
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && !process.HasExited)
            {
                await Task.Yield();
            }
            catch (RpcException) when (process.HasExited)
            {
                throw new InvalidOperationException($"the worker ended with {process.ExitCode}: {await StderrAsync()}");
            }
        }
    }

    /// <summary>The pipe of the lifeline, as it is called in /proc.</summary>
    public string LifelineName()
    {
        var handle = Assert.IsAssignableFrom<System.IO.Pipes.PipeStream>(process.StandardInput.BaseStream).SafePipeHandle;
        return new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget!;
    }

    public void CloseLifeline() => process.StandardInput.Close();

    /// <summary>As a supervisor does that replaces it as planned.</summary>
    public void AskToLeaveInItsOwnTime()
    {
        process.StandardInput.BaseStream.Write(LifelineWords.LeaveInYourOwnTime);
        process.StandardInput.Close();
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(process.Id, signal));

    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return process.ExitCode;
    }

    public Task<string> StdoutAsync() => stdout.WaitAsync(Patience);

    public Task<string> StderrAsync() => stderr.WaitAsync(Patience);

    public LedgerEvidence Evidence() => LedgerEvidence.Read(Launch.Ledger!, Launch.Incarnation);

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Until a handler has said, by making a file, that it has come so far.</summary>
    public async Task FileAsync(string name)
    {
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Folder, name);
        watcher.Created += (_, _) => made.TrySetResult();
        watcher.EnableRaisingEvents = true;
        if (!File.Exists(PathOf(name)))
        {
            await made.Task.WaitAsync(Patience);
        }
    }

    public void Touch(string name) => File.WriteAllText(PathOf(name), "");

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync(CancellationToken.None);
        if (channel.IsValueCreated)
        {
            Channel.Dispose();
        }

        process.Dispose();
        folder.Delete(recursive: true);
    }

    public SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        if (Launch.Address.StartsWith("unix:", StringComparison.Ordinal))
        {
            var path = SocketPath;
            handler.ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        return handler;
    }

    private static string Find()
    {
        // …/tests/WorkerHost.Worker.Tests/bin/CONFIGURATION/net10.0/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var tests = here.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(tests, "WorkerHost.TestWorker", "bin", here.Parent.Name, here.Name, "WorkerHost.TestWorker");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
