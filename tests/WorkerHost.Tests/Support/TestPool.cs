using System.Runtime.InteropServices;

namespace WorkerHost.Tests;

/// <summary>Pools over the real test worker, with restart limits lifted: these tests kill on purpose.</summary>
internal static partial class TestPool
{
    public static readonly TimeSpan Patience = Eventually.Patience;

    public static WorkerCommand Worker(params string[] arguments) => WorkerCommand.Create(Program("WorkerHost.TestWorker"), arguments);

    /// <summary>The path of a program that stands in a project of its own beside this one.</summary>
    public static string Program(string project) => Path.Combine(
        RepositoryRoot.Path,
        "tests",
        project,
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "bin/Debug/net10.0" : "bin/Release/net10.0",
        project);

    public static EmbeddedPoolOptions Options(int workers = 1) => new()
    {
        Name = "tests",
        Workers = workers,
        Retry = new RetryOptions { MinDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(10) },
        Supervision = new SupervisorOptions
        {
            Restart = new RestartOptions { Intensity = 100_000, MinBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(20) },
        },
    };

    public static async Task<WorkerPool> StartAsync(EmbeddedPoolOptions? options = null, params string[] workerArguments)
    {
        options ??= Options();
        var pool = await WorkerPool.StartAsync(Worker(workerArguments), options, TestContext.Current.CancellationToken).WaitAsync(Patience);
        await Until(() => pool.Workers.All(w => w.State == SlotState.Ready));
        return pool;
    }

    /// <summary>The future's end, however it ends; a hang fails.</summary>
    public static async Task<TaskException?> FailureOf(TaskFuture future)
    {
        try
        {
            await future.Completion.WaitAsync(Patience);
            return null;
        }
        catch (TaskException e)
        {
            return e;
        }
    }

    public static Task Until(Func<bool> fact, string? what = null) => Eventually.IsTrue(fact, what);

    public static bool IsAlive(int pid)
    {
        try
        {
            // The state stands behind the name, which may contain anything but ends with the last parenthesis.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static void Kill(int pid, int signal = 9)
    {
        Assert.True(pid > 1, $"no process to kill: {pid}");
        _ = SendSignal(pid, signal);
    }

    public static string NewPath() => Path.Combine(Path.GetTempPath(), $"workerhost-test-{Guid.NewGuid():n}");

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
