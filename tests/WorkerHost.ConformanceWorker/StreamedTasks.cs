namespace WorkerHost.ConformanceWorker;

/// <summary>What says something before it ends.</summary>
internal static class StreamedTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("count", Count);
        worker.MapTask("count-then-fail", CountThenFail);
        worker.MapTask("progress", static (int n, TaskContext context) =>
        {
            for (var step = 1; step <= n; step++)
            {
                context.Report(step / (double)n, $"step {step}");
            }

            return n;
        });
    }

    private static IEnumerable<int> Count(int n, TaskContext context, string path = "")
    {
        RunsFile.Began(path, context.Attempt);
        try
        {
            for (var i = 0; i < n; i++)
            {
                yield return i;
            }
        }
        finally
        {
            if (path.Length > 0)
            {
                RunsFile.Append(path, "left");
            }
        }
    }

    private static IEnumerable<int> CountThenFail(int n, string message)
    {
        for (var i = 0; i < n; i++)
        {
            yield return i;
        }

        throw new InvalidOperationException(message);
    }
}
