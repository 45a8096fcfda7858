namespace WorkerHost;

/// <summary>A pool and the supervisor of its workers in one process.</summary>
public static class EmbeddedWorkerPool
{
    extension(WorkerPool)
    {
        /// <summary>
        /// Starts worker processes and a pool over them. Disposing the pool lets accepted tasks finish, then stops the workers.
        /// </summary>
        /// <param name="command">What a worker is; <see cref="WorkerCommand.Self"/> for the same program again.</param>
        /// <param name="options">Null: the defaults.</param>
        /// <param name="cancellationToken">Gives up the start; what was started is stopped.</param>
        /// <returns>When the first worker takes tasks; the others come up behind.</returns>
        /// <exception cref="ArgumentException">Options that cannot be used: all of them at once.</exception>
        /// <exception cref="WorkerStartException">No worker could be started; has every death report.</exception>
        public static async Task<WorkerPool> StartAsync(WorkerCommand command, EmbeddedPoolOptions? options = null, CancellationToken cancellationToken = default)
        {
            ArgumentNullException.ThrowIfNull(command);
            options ??= new EmbeddedPoolOptions();
            options.ThrowIfInvalid();
            var supervisor = await Supervisor.StartAsync(
                command, options.ForSupervisor(), options.TimeProvider, options.LoggerFactory, cancellationToken).ConfigureAwait(false);
            var pool = new WorkerPool(supervisor, supervisor, options, WorkerPool.NewRandom());
            try
            {
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

    /// <summary>The same without waiting for a worker: tasks wait in the queue, and are refused when no worker can be had.</summary>
    internal static WorkerPool Begin(WorkerCommand command, EmbeddedPoolOptions options)
    {
        var supervisor = Supervisor.Begin(command, options.ForSupervisor(), options.TimeProvider, options.LoggerFactory);
        var pool = new WorkerPool(supervisor, supervisor, options, WorkerPool.NewRandom());
        Unawaited.Observe(pool.FirstConnected);
        return pool;
    }

    extension(WorkerPool pool)
    {
        /// <summary>
        /// The supervisor of the pool's own workers: to watch its events, scale, restart and drain. It belongs to the pool
        /// and stops with it.
        /// </summary>
        /// <exception cref="InvalidOperationException">The pool is one over addresses, whose workers are somebody else's, or one whose workers are no processes.</exception>
        public Supervisor Supervisor => pool.Source as Supervisor
            ?? throw new InvalidOperationException(pool.Source is IWorkersView
                ? $"pool {pool.Name} runs its tasks in this process, and there are no processes to supervise; a pool of WorkerPool.StartAsync has a supervisor"
                : $"pool {pool.Name} is one over addresses, and the workers there are somebody else's; a pool of WorkerPool.StartAsync has a supervisor");

        /// <summary>The pool's own workers as they are now; one for an in-process pool, none for a pool over addresses.</summary>
        public IReadOnlyList<WorkerStatus> Workers => (pool.Source as IWorkersView)?.Workers ?? [];
    }
}
