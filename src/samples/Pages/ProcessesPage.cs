using WorkerHost.Samples.Functions;

namespace WorkerHost.Samples;

internal static class ProcessesPage
{
    public static async Task ShowAsync(string path, Action<object?> log)
    {
        await using var process = await TaskProcess.StartAsync(p => p.Submit(FileTasks.Sha256, path));

        log(process.Pid);
        if (!process.Join(TimeSpan.FromSeconds(10)))        // blocking; `await process.Exited` is the other way
        {
            process.Terminate();                            // its token, SIGTERM, SIGKILL, after the graces
        }

        string digest = await process.Future;               // or the failure
        log(process.ExitCode);                              // 0; null where a signal ended it, and process.Death says which
    }
}
