using System.Diagnostics;

namespace WorkerHost.Benchmarks;

/// <summary>How the pool bears loads of other shapes than a stream of tiny tasks.</summary>
internal static class LoadMeasurements
{
    private const double ComputeMilliseconds = 10;
    private const double ShortMilliseconds = 0.1;
    private const double LongMilliseconds = 50;
    private const double LongShare = 0.05;

    /// <summary>Of what two workers can do.</summary>
    private const double Utilisation = 0.6;

    /// <summary>How long tasks of 10 ms of processor time take ÷ how long the processors need for them at least.</summary>
    public static async Task<double> MakespanRatioAsync(WorkerPool pool, int workers, int tasks)
    {
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(_ => pool.Submit("compute", [ComputeMilliseconds]).Completion));
        return RatioToIdeal(started, workers, tasks);
    }

    /// <summary>The same work on threads that have nothing else to do: how near this machine itself comes to the ideal.</summary>
    public static double MakespanRatioOfThreads(int workers, int tasks)
    {
        var left = tasks;
        var threads = Enumerable.Range(0, workers).Select(_ => new Thread(Run)).ToList();
        var started = Stopwatch.GetTimestamp();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        return RatioToIdeal(started, workers, tasks);

        void Run()
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                Work.Compute(ComputeMilliseconds);
            }
        }
    }

    /// <summary>
    /// 95 % tasks of 0.1 ms and 5 % of 50 ms arrive at random times: the 99th percentile of the short ones' latencies ÷ that of an ideal
    /// central queue under the same arrivals.
    /// </summary>
    public static async Task<double> ShortP99RatioAsync(int workers, TimeSpan duration, int seed)
    {
        var random = new Random(seed);
        var mean = ShortMilliseconds * (1 - LongShare) + LongMilliseconds * LongShare;
        var trace = new List<(double At, double Takes)>();
        for (var at = 0.0; at < duration.TotalMilliseconds; at += -Math.Log(1 - random.NextDouble()) * mean / (workers * Utilisation))
        {
            trace.Add((at, random.NextDouble() < LongShare ? LongMilliseconds : ShortMilliseconds));
        }

        await using var pool = await StartAsync(workers);

        // Both are known: how long the tasks of a name take is learned, and that is part of no trace.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => pool.Submit(i % 20 == 0 ? "occupy_long" : "occupy_short", [i % 20 == 0 ? 5.0 : ShortMilliseconds]).Completion));
        var latencies = new double[trace.Count];
        var ends = new List<Task>(trace.Count);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < trace.Count; i++)
        {
            var (at, takes) = trace[i];
            var left = at - Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            if (left > 0.2)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(left));
            }

            // Late is late for the ideal as well: it is told when the task really came.
            trace[i] = (Stopwatch.GetElapsedTime(started).TotalMilliseconds, takes);
            ends.Add(EndAsync(pool.Submit(takes > 1 ? "occupy_long" : "occupy_short", [takes]), i));
        }

        await Task.WhenAll(ends);
        return P99(latencies) / P99(CentralQueue.Latencies(trace, workers));

        async Task EndAsync(TaskFuture future, int i)
        {
            await future;
            latencies[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds - trace[i].At;
        }

        double P99(double[] all)
        {
            var ofShort = all.Where((_, i) => trace[i].Takes < 1).Order().ToArray();
            return ofShort[(int)(ofShort.Length * 0.99)];
        }
    }

    /// <summary>Tasks per second with so many workers.</summary>
    public static async Task<double> RateAsync(int workers, int inFlight, TimeSpan duration)
    {
        await using var pool = await PoolContender.StartAsync(workers);
        await pool.RunRoundAsync(duration, inFlight);
        var round = await pool.RunRoundAsync(duration, inFlight);
        return round.Tasks / round.Seconds;
    }

    /// <summary>Microseconds per task when so many are submitted before the first is awaited; the better of two.</summary>
    public static async Task<double> QueuedAsync(WorkerPool pool, int tasks)
    {
        var best = double.MaxValue;
        for (var repeat = 0; repeat < 2; repeat++)
        {
            GC.Collect();
            var futures = new Task[tasks];
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < tasks; i++)
            {
                futures[i] = pool.SubmitBytes("echo", DotnetContender.Data).Task;
            }

            await Task.WhenAll(futures);
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalMicroseconds / tasks);
        }

        return best;
    }

    public static async Task<WorkerPool> StartAsync(int workers)
    {
        var pool = await WorkerPool.StartAsync(WorkerCommand.Self(), new EmbeddedPoolOptions { Name = "loads", Workers = workers, QueueCapacity = 2_000_000 });
        while (pool.Workers.Any(w => w.State != SlotState.Ready))
        {
            await pool.SubmitBytes("echo", DotnetContender.Data).Task;
        }

        return pool;
    }

    private static double RatioToIdeal(long started, int workers, int tasks) =>
        Stopwatch.GetElapsedTime(started).TotalMilliseconds / (tasks * ComputeMilliseconds / Math.Min(workers, Environment.ProcessorCount));
}
