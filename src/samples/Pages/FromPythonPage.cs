using System.IO.MemoryMappedFiles;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WorkerHost.Samples.Functions;

namespace WorkerHost.Samples;

/// <summary>Every piece of code in the tables of <c>src/docs/from-python.md</c>.</summary>
internal static class FromPythonPage
{
    public static async Task PoolsAsync(WorkerApplication worker, WorkerPool pool, string path, string[] paths, (string First, string Second)[] pairs, Action<object?> log)
    {
        _ = await WorkerPool.StartInProcessAsync(worker => worker.MapTasks(typeof(FileTasks)));
        _ = await WorkerPool.StartAsync(WorkerCommand.Self());
        _ = pool.Map(FileTasks.Sha256, paths);
        _ = pool.Map(FileTasks.Sha256, paths, ordered: false);
        _ = await pool.Submit(FileTasks.Sha256, path);
        _ = TaskFuture.WhenAll(paths.Select(p => pool.Submit(FileTasks.Sha256, p)));
        _ = await TaskFuture.WhenAll(paths.Select(p => pool.Submit(FileTasks.Sha256, p)));
        _ = pairs.Select(p => pool.Submit(FileTasks.Same, p.First, p.Second));
        _ = pool.Workers;
        await pool.StopAsync();
        await pool.StopAsync(StopMode.CancelWaiting);
        await pool.StopAsync(StopMode.CancelAll);
        _ = pool.StopAsync();
    }

    public static async Task FuturesAsync(TaskFuture<string> future, TaskFuture<string>[] futures, Action<object?> log)
    {
        _ = future.Cancel();
        _ = future.State == TaskState.Cancelled;
        _ = future.State == TaskState.Running;
        _ = future.State == TaskState.Succeeded;
        _ = future.IsDone;
        _ = await future;
        _ = future.GetResult();
        _ = future.GetResult(TimeSpan.FromSeconds(5));
        _ = future.Failure;
        _ = future.Wait(TimeSpan.FromSeconds(5));
        _ = future.Settled;
        future.AddDoneCallback(done => log(done.State));
        _ = TaskFuture.WhenAll(futures);
        _ = TaskFuture.AsCompleted(futures);
        _ = TaskFuture.AsCompleted(futures, TimeSpan.FromSeconds(60));
        _ = await TaskFuture.WaitAsync(futures);
        _ = await TaskFuture.WaitAsync(futures, timeout: TimeSpan.FromSeconds(60));
        _ = new[] { WaitUntil.AllEnded, WaitUntil.FirstEnded, WaitUntil.FirstFailed };
        _ = TaskFailureKind.WorkerLost;
        _ = new TaskCompletionSource<string>();
        _ = new[] { typeof(WorkerPool), typeof(OperationCanceledException), typeof(TimeoutException), typeof(TaskException), typeof(TaskProcess) };
    }

    public static async Task ProcessesAsync(TaskProcess<string> process, string path)
    {
        _ = await TaskProcess.StartAsync(p => p.Submit(FileTasks.Sha256, path));
        _ = FileTasks.Sha256(path);
        process.Join();
        _ = process.Join(TimeSpan.FromSeconds(5));
        await process.Exited;
        _ = process.IsAlive;
        _ = process.Pid;
        _ = process.ExitCode;
        _ = process.Death;
        process.Terminate();
        process.Kill();
        await process.DisposeAsync();
        _ = process.Future.Name;
    }

    public static void Settings(WorkerApplication worker, Model model, ILoggerFactory loggers, string path, TaskContext context, CancellationToken token)
    {
        _ = new InProcessPoolOptions { Concurrency = 8 };
        _ = new EmbeddedPoolOptions { Workers = 4 };
        _ = new EmbeddedPoolOptions { Name = "digest" };
        _ = new EmbeddedPoolOptions { LoggerFactory = loggers };
        _ = new SupervisorOptions { Spares = 1 };
        _ = new RecycleOptions { MaxTasks = 1000 };
        _ = new TaskOptions { TimeLimit = TimeSpan.FromSeconds(60) };
        _ = new WorkerCommand { FileName = "my-worker" };
        _ = WorkerCommand.Self("--model", path);
        worker.Initialize(token => model.Load(path));
        _ = worker.Arguments;
        _ = context.Worker;
        _ = WorkerApplication.IsWorker;
        _ = Environment.ProcessorCount;
        _ = token.IsCancellationRequested;
        _ = Channel.CreateBounded<string>(100);
        _ = MemoryMappedFile.CreateFromFile(path);
        _ = new Mutex(false, "Global\\report");
    }

    public static void Threads(string path, Action<object?> log)
    {
        var thread = new Thread(() => Work(path));
        _ = new Thread(() => Work(path), 1 << 20);
        thread.Name = "reader";
        thread.IsBackground = true;
        thread.Start();
        Work(path);
        thread.Join();
        _ = thread.Join(TimeSpan.FromSeconds(5));
        _ = (thread.IsAlive, thread.Name, thread.ManagedThreadId, thread.IsBackground);
        var gate = new Lock();
        lock (gate)
        {
            log(path);
        }

        var door = new object();
        lock (door)
        {
            Monitor.Wait(door);
            Monitor.PulseAll(door);
        }

        _ = new ManualResetEventSlim();
        _ = new SemaphoreSlim(3);
        _ = new SemaphoreSlim(3, 3);
        _ = new Barrier(3);
        _ = new Timer(_ => Work(path), null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        _ = new ThreadLocal<int>();
        _ = new AsyncLocal<int>();
        _ = Thread.CurrentThread;
        _ = Environment.CurrentManagedThreadId;
        _ = ThreadPool.ThreadCount;
        AppDomain.CurrentDomain.UnhandledException += (_, e) => log(e.ExceptionObject);
        _ = new[] { typeof(BarrierPostPhaseException), typeof(UnhandledExceptionEventArgs), typeof(SynchronizationLockException) };
    }

    private static void Work(string path) => File.Delete(path);

    internal sealed class Model
    {
        public void Load(string path) => Path = path;

        public string Path { get; private set; } = "";
    }
}
