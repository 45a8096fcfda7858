namespace WorkerHost.Benchmarks;

/// <summary>The ideal that a pool is compared with: one queue, no cost, the next free worker takes the next task.</summary>
internal static class CentralQueue
{
    /// <param name="trace">Arrivals in order and how long each task keeps its worker, both in milliseconds.</param>
    /// <param name="workers">How many there are.</param>
    /// <returns>From arrival to end, in milliseconds, in the order of the trace.</returns>
    public static double[] Latencies(IReadOnlyList<(double At, double Takes)> trace, int workers)
    {
        var free = new PriorityQueue<int, double>(Enumerable.Range(0, workers).Select(static w => (w, 0.0)));
        var latencies = new double[trace.Count];
        for (var i = 0; i < trace.Count; i++)
        {
            free.TryDequeue(out var worker, out var at);
            var end = Math.Max(at, trace[i].At) + trace[i].Takes;
            free.Enqueue(worker, end);
            latencies[i] = end - trace[i].At;
        }

        return latencies;
    }
}
