using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Grpc.Net.Client;

namespace WorkerHost.Conformance.Tests;

/// <summary>One worker in a process that the test started, by what the worker contract says and nothing else; and raw gRPC with it.</summary>
internal sealed partial class RawWorker : IDisposable
{
    private readonly ConcurrentQueue<string> errors = [];
    private readonly ManualResetEventSlim over = new();
    private readonly List<GrpcChannel> channels = [];
    private readonly Process process;
    private readonly string socket;

    private RawWorker(Process process, string socket)
    {
        this.process = process;
        this.socket = socket;
    }

    /// <param name="kind">Which worker.</param>
    /// <param name="command">Its program and arguments.</param>
    /// <param name="step">How it is started.</param>
    /// <param name="directory">Where its socket is to be.</param>
    public static async Task<RawWorker> StartAsync(WorkerKind kind, WorkerCommand command, LaunchStep step, string directory)
    {
        var socket = Path.Combine(directory, "s");
        var started = new TaskCompletionSource<RawWorker>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A worker asks to be killed with the thread that started it, so that thread stays until the end.
        new Thread(() =>
        {
            try
            {
                var worker = new RawWorker(Launch(kind, command, step, socket), socket);
                started.SetResult(worker);
                worker.over.Wait();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        })
        { IsBackground = true, Name = "parent of the worker" }.Start();
        var launched = await started.Task;
        launched.process.ErrorDataReceived += (_, e) => launched.errors.Enqueue(e.Data ?? "");
        launched.process.BeginErrorReadLine();
        if (step.Ready && !step.ByHand)
        {
            await launched.ReadyAsync();
        }

        return launched;
    }

    public void Dispose()
    {
        foreach (var channel in channels)
        {
            channel.Dispose();
        }

        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        process.Dispose();
        over.Set();
    }

    public async Task CloseStdinAsync(CloseStdinStep step)
    {
        if (step.Last.Length > 0)
        {
            await process.StandardInput.WriteLineAsync(step.Last);
        }

        process.StandardInput.Close();
    }

    public async Task ExitedAsync(ExitedStep step)
    {
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMilliseconds(step.WithinMs));
        }
        catch (TimeoutException)
        {
            throw new InvalidDataException($"it is still there after {step.WithinMs} ms");
        }

        Require(step.Code is { } code ? process.ExitCode == code : process.ExitCode != 0, $"its exit code is {process.ExitCode}; it said: {string.Join('\n', errors)}");
        foreach (var part in step.Says)
        {
            Require(errors.Any(line => line.Contains(part, StringComparison.Ordinal)), $"it did not say \"{part}\", but: {string.Join('\n', errors)}");
        }
    }

    private static Process Launch(WorkerKind kind, WorkerCommand command, LaunchStep step, string socket)
    {
        string[] marker = step.ByHand ? [] : ["--workerhost-worker", "conformance"];
        var start = new ProcessStartInfo(command.FileName, [.. command.Arguments, .. marker]) { RedirectStandardInput = true, RedirectStandardError = true };
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        if (!step.ByHand)
        {
            start.Environment["WORKERHOST_WORKER"] = "1";
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{kind.Title} cannot be started");
        if (step.ByHand)
        {
            process.StandardInput.Close();
        }
        else
        {
            process.StandardInput.WriteLine(LineOf(step, socket).ToJsonString());
            process.StandardInput.Flush();
        }

        return process;
    }

    private static JsonObject LineOf(LaunchStep step, string socket)
    {
        var line = new JsonObject
        {
            ["minProtocol"] = 1,
            ["maxProtocol"] = 1,
            ["pool"] = "conformance",
            ["slot"] = 3,
            ["incarnation"] = 5,
            ["address"] = $"unix://{socket}",
            ["hostInstance"] = "the-test",
            ["concurrency"] = 1,
            ["drainMilliseconds"] = 10_000,
            ["maxMessageBytes"] = 8 << 20,
        };
        foreach (var (name, value) in step.Line)
        {
            line.Remove(name);
            if (value is not null)
            {
                line[name] = value.DeepClone();
            }
        }

        return line;
    }

    private async Task ReadyAsync()
    {
        var watch = Stopwatch.StartNew();
        while (!await IsServingAsync())
        {
            Require(!process.HasExited, $"it has ended with exit code {(process.HasExited ? process.ExitCode : 0)} and said: {string.Join('\n', errors)}");
            Require(watch.Elapsed < Eventually.Patience, "it is not ready");
            await Task.Delay(10);
        }
    }

    private GrpcChannel Channel(string authority = "localhost")
    {
        var channel = GrpcChannel.ForAddress($"http://{authority}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    try
                    {
                        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), token);
                        return new NetworkStream(connection, ownsSocket: true);
                    }
                    catch
                    {
                        connection.Dispose();
                        throw;
                    }
                },
            },
            DisposeHttpClient = true,
        });
        channels.Add(channel);
        return channel;
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}
