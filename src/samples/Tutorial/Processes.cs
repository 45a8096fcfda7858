namespace WorkerHost.Samples.Tutorial;

/// <summary>Processes with start and join; here each also has a result, and a death would say why.</summary>
internal static class Processes
{
    // processes = [multiprocessing.Process(target=work, args=(limit,)) for limit in limits]
    // for process in processes: process.start()
    // for process in processes: process.join()
    public static async Task RunAsync()
    {
        var processes = await Task.WhenAll(Limits.All.Select(limit => TaskProcess.StartAsync(p => p.Submit(Primes.Below, limit))));
        foreach (var (process, limit) in processes.Zip(Limits.All))
        {
            await using (process)
            {
                await process.Exited;
                Console.WriteLine($"  {await process.Future} primes below {limit}, said process {process.Pid}, exit code {process.ExitCode}");
            }
        }
    }
}
