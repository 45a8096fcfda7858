namespace WorkerHost.TestWorker;

/// <summary>What handlers leave behind when they have returned.</summary>
internal static class BackgroundTasks
{
    public static void Map(WorkerApplication worker)
    {
        // A task that fails and that nobody ever looks at.
        worker.MapTask("leave_failing_task", static (string message) =>
        {
            _ = Task.Run(() => throw new InvalidOperationException(message));
        });

        // Says that it was found by whoever finds such tasks: the collector.
        worker.MapTask("collect", static () =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        });

        // Throws on a thread of its own ("thread") or out of an async void method ("async void") as soon as the file is there.
        worker.MapTask("throw_behind", static (string path, string how) =>
        {
            if (how == "thread")
            {
                new Thread(() =>
                {
                    WaitFor(path);
                    throw new InvalidOperationException("from a thread that was left behind");
                }).Start();
            }
            else
            {
                ThrowLater(path);
            }

            return Environment.ProcessId;
        });
    }

    private static async void ThrowLater(string path)
    {
        await Task.Run(() => WaitFor(path));
        throw new InvalidOperationException("from an async void that was left behind");
    }

    private static void WaitFor(string path)
    {
        while (!File.Exists(path))
        {
            Thread.Sleep(1);
        }
    }
}
