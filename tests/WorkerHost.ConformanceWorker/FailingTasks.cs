using System.Runtime.InteropServices;

namespace WorkerHost.ConformanceWorker;

/// <summary>What fails, and what takes its process with it.</summary>
internal static partial class FailingTasks
{
    private const int SIGKILL = 9;

    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("fail", static (string message, string cause, TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            throw new InvalidOperationException(message, new FormatException(cause));
        });
        worker.MapTask("fail-retryable", static (string message, int times, TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            return RunsFile.Lines(path) is var lines && lines > times ? lines : throw new RetryableTaskException(message);
        });
        worker.MapTask("crash", static (int times, TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            var lines = RunsFile.Lines(path);
            if (path.Length == 0 || lines <= times)
            {
                _ = Kill(Environment.ProcessId, SIGKILL);
                Thread.Sleep(Timeout.Infinite);
            }

            return lines;
        });
        worker.MapTask("exit", static (int code, TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            ExitNow(code);
        });
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);
}
