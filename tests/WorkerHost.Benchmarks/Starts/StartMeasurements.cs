using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WorkerHost.Benchmarks;

/// <summary>How long a process takes to be of use, in milliseconds.</summary>
internal sealed partial class StartMeasurements : IAsyncDisposable
{
    private const int SIGKILL = 9;

    private static readonly byte[] Data = "8 bytes!"u8.ToArray();
    private static readonly TaskOptions Again = new() { Idempotent = true };

    private readonly string folder;
    private readonly WorkerPool single;

    private StartMeasurements(string folder, HelloProgram hello, WorkerPool single)
    {
        this.folder = folder;
        this.single = single;
        Hello = hello;
    }

    public HelloProgram Hello { get; }

    public static async Task<StartMeasurements> PrepareAsync(TextWriter log)
    {
        var folder = Directory.CreateTempSubdirectory("wh-hello-").FullName;
        return new StartMeasurements(folder, await HelloProgram.BuildAsync(folder, log), await StartPoolAsync());
    }

    /// <summary>From the start of a bare .NET program to its end, its word read.</summary>
    public async Task<double> HelloAsync()
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(Hello.Path) { RedirectStandardOutput = true })!;
        var word = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return word == "hello\n" ? elapsed : throw new InvalidOperationException($"hello said '{word}'");
    }

    /// <summary>From nothing to a pool with one ready and connected worker.</summary>
    public async Task<double> ReadyAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await using var pool = await StartPoolAsync();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>From kill -9 of a pool's only worker to the first result of its replacement; no spare.</summary>
    public async Task<double> ColdRecoveryAsync()
    {
        await single.SubmitBytes("echo", Data, Again);
        var killed = single.Workers[0].Pid;
        var started = Stopwatch.GetTimestamp();
        _ = Kill(killed, SIGKILL);
        TaskFuture<ReadOnlyMemory<byte>> future;
        do
        {
            // One that was answered by the dying worker does not count.
            future = single.SubmitBytes("echo", Data, Again);
            await future;
        }
        while (future.Attempts[^1].Pid == killed);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await single.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    // The same worker dies at every round: without this its restarts would be paced, as if it were crash-looping.
    private static Task<WorkerPool> StartPoolAsync() => WorkerPool.StartAsync(WorkerCommand.Self(), new EmbeddedPoolOptions
    {
        Name = "start",
        Workers = 1,
        Supervision = new SupervisorOptions { Restart = new RestartOptions { Intensity = 1000 } },
    });

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
