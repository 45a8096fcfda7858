namespace WorkerHost.Samples.Quickstart;

/// <summary>Kills a random ready worker at every tick, past its supervisor, as the system or an operator might.</summary>
internal static class Chaos
{
    public static async Task RunAsync(WorkerPool pool, TimeSpan pace, Random random, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(pace, TimeProvider.System);
        try
        {
            do
            {
                var ready = pool.Workers.Where(static w => w.State == SlotState.Ready && w.Pid > 0).ToArray();
                if (ready.Length > 0)
                {
                    Kill(ready[random.Next(ready.Length)]);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // the work is done
        }
    }

    private static void Kill(WorkerStatus worker)
    {
        // It may have died since the picture was taken, and its number may be someone else's by now.
        try
        {
            if (File.ReadAllText($"/proc/{worker.Pid}/cmdline").Contains("--workerhost-worker", StringComparison.Ordinal))
            {
                _ = Libc.Kill(worker.Pid, Libc.SIGKILL);
            }
        }
        catch (IOException)
        {
            // it is gone
        }
    }
}
