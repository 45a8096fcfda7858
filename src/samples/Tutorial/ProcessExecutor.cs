namespace WorkerHost.Samples.Tutorial;

/// <summary><c>ProcessPoolExecutor</c> with <c>submit</c>, <c>as_completed</c> and <c>result</c>.</summary>
internal static class ProcessExecutor
{
    // with ProcessPoolExecutor(max_workers=2) as executor:
    //     futures = {executor.submit(below, limit): limit for limit in limits}
    //     for future in as_completed(futures):
    //         print(futures[future], future.result())
    public static async Task RunAsync()
    {
        await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self(), new EmbeddedPoolOptions { Workers = 2 });
        var futures = Limits.All.ToDictionary(limit => pool.Submit(Primes.Below, limit));
        await foreach (var future in TaskFuture.AsCompleted(futures.Keys))
        {
            Console.WriteLine($"  {await future} primes below {futures[future]}");
        }
    }
}
