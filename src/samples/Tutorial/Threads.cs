namespace WorkerHost.Samples.Tutorial;

/// <summary>Threads with start and join.</summary>
internal static class Threads
{
    // threads = [threading.Thread(target=work, args=(limit,)) for limit in limits]
    // for thread in threads: thread.start()
    // for thread in threads: thread.join()
    public static Task RunAsync()
    {
        var threads = Limits.All.Select(limit => new Thread(() => Console.WriteLine($"  {Primes.Below(limit)} primes below {limit}"))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return Task.CompletedTask;
    }
}
