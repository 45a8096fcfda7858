namespace WorkerHost;

/// <summary>A pool whose workers are threads of this process.</summary>
public static class InProcessWorkerPool
{
    extension(WorkerPool)
    {
        /// <summary>
        /// A pool whose handlers run on threads of this process: for work that waits, for tests and for debugging. Futures, functions, retries, time
        /// limits and limits of size are those of a pool of processes, and so is the way of a payload into bytes and back. Not so what needs a
        /// process: a handler that does not heed its token cannot be stopped (after its grace it is left to its thread, and another thread takes
        /// its place), and one that crashes or exits takes this process with it.
        /// </summary>
        /// <param name="map">Maps tasks and registers services and initializers, as a worker's program does before its <c>RunAsync</c>.</param>
        /// <param name="options">Null: the defaults.</param>
        /// <param name="cancellationToken">Gives up the start.</param>
        /// <returns>When the initializers have run and tasks are taken.</returns>
        /// <exception cref="ArgumentException">Options that cannot be used, all of them at once, or a task that cannot be mapped. Whatever else
        /// <paramref name="map"/>, a service or an initializer throws comes out as it is.</exception>
        public static async Task<WorkerPool> StartInProcessAsync(
            Action<WorkerApplication> map, InProcessPoolOptions? options = null, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(map);
            options ??= new InProcessPoolOptions();
            options.ThrowIfInvalid();
            cancellationToken.ThrowIfCancellationRequested();
            var (pool, source) = Begin(map, options);
            try
            {
                await source.Booted.WaitAsync(cancellationToken).ConfigureAwait(false);
                await pool.FirstConnected.WaitAsync(cancellationToken).ConfigureAwait(false);
                return pool;
            }
            catch
            {
                await pool.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>The same without waiting: tasks wait in the queue, and are refused when the program fails.</summary>
    internal static (WorkerPool Pool, InProcessSource Source) Begin(Action<WorkerApplication> map, InProcessPoolOptions options)
    {
        var source = new InProcessSource(map, options);
        var pool = new WorkerPool(source, source, options, WorkerPool.NewRandom());
        source.AskLoadOf(pool.LoadOf);
        Unawaited.Observe(pool.FirstConnected);
        return (pool, source);
    }
}
