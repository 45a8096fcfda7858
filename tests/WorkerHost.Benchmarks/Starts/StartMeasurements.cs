using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace WorkerHost.Benchmarks;

/// <summary>How long a process takes to be of use, in milliseconds, and what it costs while it is not, in MB.</summary>
internal sealed partial class StartMeasurements : IAsyncDisposable
{
    private const int SIGKILL = 9;

    /// <summary>What a fresh process still compiles and allocates behind its start is over by then.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    private static readonly byte[] Data = "8 bytes!"u8.ToArray();
    private static readonly TaskOptions Again = new() { Idempotent = true };

    private readonly string folder;
    private readonly WorkerPool single;
    private readonly WorkerPool spared;
    private readonly WorkerPool? native;

    private StartMeasurements(string folder, PublishedProgram hello, PublishedProgram lean, PublishedProgram? leanNative, WorkerPool single, WorkerPool spared, WorkerPool? native)
    {
        this.folder = folder;
        this.single = single;
        this.spared = spared;
        this.native = native;
        Hello = hello;
        Lean = lean;
        Native = leanNative;
    }

    public PublishedProgram Hello { get; }

    public PublishedProgram Lean { get; }

    /// <summary>The same worker compiled ahead of time; null where that cannot be done.</summary>
    public PublishedProgram? Native { get; }

    /// <param name="log">Where to say what takes a while.</param>
    /// <param name="native">Whether a native worker is measured as well.</param>
    public static async Task<StartMeasurements> PrepareAsync(TextWriter log, bool native)
    {
        var folder = Directory.CreateTempSubdirectory("wh-starts-").FullName;
        var hello = await HelloProgram.MakeAsync(folder, log);
        var lean = await LeanProgram.MakeAsync(folder, log);
        var leanNative = native ? await LeanProgram.MakeNativeAsync(folder, log) : null;
        return new StartMeasurements(
            folder,
            hello,
            lean,
            leanNative,
            await StartPoolAsync(lean),
            await StartPoolAsync(lean, spares: 1),
            leanNative is null ? null : await StartPoolAsync(leanNative));
    }

    /// <summary>From the start of a bare .NET program to its end, its word read.</summary>
    public Task<double> HelloAsync() => HelloProgram.RunAsync(Hello);

    /// <summary>From nothing to a pool with one ready and connected worker.</summary>
    public Task<double> ReadyAsync() => ReadyAsync(Lean);

    /// <summary>The same with a native worker; null: there is none.</summary>
    public async Task<double?> NativeReadyAsync() => Native is null ? null : await ReadyAsync(Native);

    /// <summary>From kill -9 of a pool's only worker to the first result of its replacement; no spare.</summary>
    public Task<double> ColdRecoveryAsync() => ColdRecoveryAsync(single);

    /// <summary>The same with a native worker; null: there is none.</summary>
    public async Task<double?> NativeColdRecoveryAsync() => native is null ? null : await ColdRecoveryAsync(native);

    /// <summary>
    /// From kill -9 of a pool's only worker, which is busy with a task that never ends, to the result of the task that waits
    /// behind it: nobody can give that but the spare.
    /// </summary>
    public async Task<double> SpareRecoveryAsync()
    {
        while (spared.Workers.Count(static w => w.State == SlotState.Ready) < 2)
        {
            await Task.Delay(10);
        }

        // What the fresh spare still does behind its start is not to be measured.
        await Task.Delay(Settle);
        var killed = spared.Workers.First(static w => w is { State: SlotState.Ready, IsSpare: false }).Pid;
        var runs = Path.Combine(folder, "stuck");
        var stuck = spared.SubmitBytes(LeanProgram.StuckTask, Encoding.UTF8.GetBytes(runs));
        while (!File.Exists(runs))
        {
            await Task.Delay(1);
        }

        File.Delete(runs);

        var waiting = spared.SubmitBytes("echo", Data);
        var started = Stopwatch.GetTimestamp();
        _ = Kill(killed, SIGKILL);
        await waiting;
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await stuck.Settled;
        return waiting.Attempts[^1].Pid != killed ? elapsed : throw new InvalidOperationException("the killed worker answered");
    }

    /// <summary>Of a worker that is ready and has had nothing to do.</summary>
    public async Task<double> IdleWorkerMemoryAsync()
    {
        await using var pool = await StartPoolAsync(Lean);
        await Task.Delay(Settle);
        return ProcessMemory.ResidentMegabytes(pool.Workers[0].Pid);
    }

    /// <summary>Of an empty ASP.NET Core application under the same settings.</summary>
    public Task<double> SlimKestrelMemoryAsync(IReadOnlyDictionary<string, string> environment) =>
        LeanProgram.SlimKestrelMemoryAsync(Lean, folder, environment, Settle);

    public async ValueTask DisposeAsync()
    {
        await single.DisposeAsync();
        await spared.DisposeAsync();
        if (native is not null)
        {
            await native.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<double> ReadyAsync(PublishedProgram worker)
    {
        var started = Stopwatch.GetTimestamp();
        await using var pool = await StartPoolAsync(worker);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static async Task<double> ColdRecoveryAsync(WorkerPool pool)
    {
        await pool.SubmitBytes("echo", Data, Again);
        var killed = pool.Workers[0].Pid;
        var started = Stopwatch.GetTimestamp();
        _ = Kill(killed, SIGKILL);
        TaskFuture<ReadOnlyMemory<byte>> future;
        do
        {
            // One that was answered by the dying worker does not count.
            future = pool.SubmitBytes("echo", Data, Again);
            await future;
        }
        while (future.Attempts[^1].Pid == killed);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    // The same worker dies at every round: without this its restarts would be paced, as if it were crash-looping.
    private static Task<WorkerPool> StartPoolAsync(PublishedProgram worker, int spares = 0) => WorkerPool.StartAsync(
        WorkerCommand.Create(worker.Path),
        new EmbeddedPoolOptions
        {
            Name = "start",
            Workers = 1,
            Supervision = new SupervisorOptions { Spares = spares, Restart = new RestartOptions { Intensity = 1000 } },
        });

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
