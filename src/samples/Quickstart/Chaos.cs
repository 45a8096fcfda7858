namespace WorkerHost.Samples.Quickstart;

/// <summary>Kills a random ready worker at every tick, past its supervisor, as the system or an operator might.</summary>
internal static class Chaos
{
    /// <summary>
    /// So many kills without a file done in between: at such a pace no worker lives to take one, and the run would never
    /// end. Deaths before a file is begun do not count as attempts at it.
    /// </summary>
    private const int MostInVain = 200;

    public static async Task RunAsync(WorkerPool pool, TimeSpan pace, RunProgress progress, Random random, CancellationToken cancellationToken)
    {
        var (done, inVain) = (0, 0);
        do
        {
            var ready = pool.Workers.Where(static w => w.State == SlotState.Ready && w.Pid > 0).ToArray();
            if (ready.Length > 0 && Kill(ready[random.Next(ready.Length)]))
            {
                var files = progress.SoFar.Files;
                (done, inVain) = (files, files == done ? inVain + 1 : 0);
            }

            if (inVain == MostInVain)
            {
                StandardError.Tell($"chaos: {inVain} workers killed and no file done meanwhile, at a pace of {pace.TotalMilliseconds} ms; no more are killed");
                return;
            }
        }
        while (await Ticks.NextAsync(pace, cancellationToken));
    }

    private static bool Kill(WorkerStatus worker)
    {
        // It may have died since the picture was taken, and its number may be someone else's by now.
        try
        {
            return File.ReadAllText($"/proc/{worker.Pid}/cmdline").Contains("--workerhost-worker", StringComparison.Ordinal)
                && Libc.Kill(worker.Pid, Libc.SIGKILL) == 0;
        }
        catch (IOException)
        {
            // it is gone
            return false;
        }
    }
}
