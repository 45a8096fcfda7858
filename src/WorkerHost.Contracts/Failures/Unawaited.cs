namespace WorkerHost;

/// <summary>Tasks that nobody may be waiting for.</summary>
internal static class Unawaited
{
    /// <summary>Its failure, if it fails, is no stray one: whoever should hear of it does so in another way, or nobody has to.</summary>
    public static void Observe(Task task) =>
        _ = task.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
