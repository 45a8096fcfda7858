namespace WorkerHost.ConformanceWorker;

/// <summary>What takes its time.</summary>
internal static class LongTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("sleep", static async (int ms, TaskContext context, CancellationToken token, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            await Task.Delay(ms, token);
            return ms;
        });
        worker.MapTask("stubborn", static (int ms, TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            Thread.Sleep(ms);
            return ms;
        });
        worker.MapTask("spin", static (int ms, TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            var end = Environment.TickCount64 + ms;
            while (Environment.TickCount64 < end)
            {
                Thread.SpinWait(100);
            }

            return ms;
        });
    }
}
