namespace WorkerHost.Samples.Thumbnails;

/// <summary>The last deaths of workers, the newest first. Thread-safe.</summary>
internal sealed class RecentDeaths([FromKeyedServices("thumbnails")] WorkerPool pool) : BackgroundService
{
    private const int Kept = 20;

    private volatile DeathReport[] deaths = [];

    public IReadOnlyList<DeathReport> Newest => deaths;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var after = 0L;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var happened in pool.Supervisor.WatchAsync(after, stoppingToken))
                {
                    if (happened is SupervisorEvent.Died died)
                    {
                        deaths = [died.Report, .. deaths.Take(Kept - 1)];
                    }
                }

                return; // the pool has stopped
            }
            catch (EventsLostException lost)
            {
                // The host had stood still for a thousand events. A page with a gap is better than a host that ends.
                after = lost.OldestKept - 1;
            }
        }
    }
}
