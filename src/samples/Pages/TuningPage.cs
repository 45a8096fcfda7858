namespace WorkerHost.Samples;

internal static class TuningPage
{
    public static EmbeddedPoolOptions Larger()
    {
        var options = new EmbeddedPoolOptions
        {
            Workers = 8,
            Concurrency = 1,
            QueueCapacity = 10_000,
            Supervision = new SupervisorOptions
            {
                Spares = 2,
                Recycling = new RecycleOptions { SoftMemoryBytes = 500_000_000, MaxTasks = 10_000 },
            },
        };
        return options;
    }
}
