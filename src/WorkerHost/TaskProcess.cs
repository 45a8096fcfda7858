namespace WorkerHost;

/// <summary>
/// One task in a process of its own, as <c>multiprocessing.Process</c> has it: started for it, gone after it, never replaced. For one thing
/// that has to be held apart and ended at will; many tasks want a <see cref="WorkerPool"/>, which keeps its workers warm. Thread-safe.
/// </summary>
public class TaskProcess : IAsyncDisposable
{
    private readonly WorkerPool pool;
    private readonly WorkerStatus worker;
    private readonly Task<DeathReport?> death;

    internal TaskProcess(WorkerPool pool, WorkerStatus worker, TaskFuture future)
    {
        this.pool = pool;
        this.worker = worker;
        Future = future ?? throw new ArgumentException("it returned null instead of the future of a task that it submitted");
        death = DeathAsync();
        Exited = EndAsync();
    }

    /// <summary>The task's future: its state and failure.</summary>
    public TaskFuture Future { get; }

    /// <summary>Its process id. After its end the system may give it to another.</summary>
    public int Pid => worker.Pid;

    /// <summary>Whether the process has not been observed to end.</summary>
    public bool IsAlive => !death.IsCompleted;

    /// <summary>How the process ended; null while it is alive. After a task that ended by itself it leaves as planned, with exit code 0.</summary>
    public DeathReport? Death => death.IsCompletedSuccessfully ? death.Result : null;

    /// <summary>The exit code; null while it is alive, and where a signal ended it (<see cref="DeathReport.Signal"/>).</summary>
    public int? ExitCode => Death?.ExitCode;

    /// <summary>Ends when the process is gone and everything about it is cleaned up, however the task ended.</summary>
    public Task Exited { get; }

    /// <summary>
    /// Starts a process, and in it a task. It returns when the process is ready and the task was given to it.
    /// </summary>
    /// <param name="task">Submits the one task: <c>p => p.Submit(FileTasks.Sha256, path)</c>. It is tried once.</param>
    /// <param name="command">What the process is started as; null: this very program (<see cref="WorkerCommand.Self"/>).</param>
    /// <param name="options">Graces, isolation, loggers; null: the defaults. Workers, concurrency, spares, attempts and restarts are this class's own.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="WorkerStartException">The process could not be started or did not become ready; has the death report.</exception>
    /// <exception cref="ArgumentException"><paramref name="task"/> returned null, or options that cannot be used.</exception>
    /// <exception cref="TaskException">The task was not accepted: its input cannot be sent, for instance.</exception>
    public static async Task<TaskProcess<TResult>> StartAsync<TResult>(
        Func<WorkerPool, TaskFuture<TResult>> task, WorkerCommand? command = null, EmbeddedPoolOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        return await StartAsync(p => new TaskProcess<TResult>(p, p.Workers[0], task(p)), command, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a task without a result.</summary>
    /// <inheritdoc cref="StartAsync{TResult}(Func{WorkerPool, TaskFuture{TResult}}, WorkerCommand?, EmbeddedPoolOptions?, CancellationToken)"/>
    public static async Task<TaskProcess> StartAsync(
        Func<WorkerPool, TaskFuture> task, WorkerCommand? command = null, EmbeddedPoolOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        return await StartAsync(p => new TaskProcess(p, p.Workers[0], task(p)), command, options, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<T> StartAsync<T>(Func<WorkerPool, T> start, WorkerCommand? command, EmbeddedPoolOptions? options, CancellationToken cancellationToken)
        where T : TaskProcess
    {
        options ??= new EmbeddedPoolOptions { Name = "process" };
        var pool = await WorkerPool.StartAsync(
            command ?? WorkerCommand.Self(),
            options with
            {
                Workers = 1,
                Concurrency = 1,
                Attempts = 1,
                AttemptsAtMost = 1,
                Supervision = options.Supervision with { Spares = 0, Restart = RestartOptions.Temporary },
            },
            cancellationToken).ConfigureAwait(false);
        try
        {
            return start(pool);
        }
        catch
        {
            // Whatever it submitted nobody will ask for.
            await pool.StopAsync(StopMode.CancelAll, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Blocks the thread until the process has ended. False: the <paramref name="timeout"/> passed first; it goes on.</summary>
    /// <param name="timeout">From 0 to 24 days, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    public bool Join(TimeSpan timeout) => Exited.Wait(timeout);

    /// <summary>Blocks the thread until the process has ended, however long that takes.</summary>
    public void Join() => Exited.Wait();

    /// <summary>
    /// Cancels the task and has the process end: its token, then SIGTERM, then SIGKILL, after the graces of the options. Returns at once; nothing
    /// happens when it has ended.
    /// </summary>
    public void Terminate() => Future.Cancel();

    /// <summary>
    /// SIGKILL to the process and its group, now. The task fails with <see cref="TaskFailureKind.WorkerLost"/>; one that provably had not begun yet
    /// with <see cref="TaskFailureKind.NoWorkers"/>.
    /// </summary>
    public void Kill() => ((IWorkerBackChannel)pool.Supervisor).Kill(worker.Id, "TaskProcess.Kill was called", TimeSpan.Zero);

    /// <summary>Terminates what still runs, and returns when the process is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        Terminate();
        await Exited.ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    private async Task<DeathReport?> DeathAsync()
    {
        await foreach (var happened in pool.Supervisor.WatchAsync(after: 0).ConfigureAwait(false))
        {
            if (happened is SupervisorEvent.Died { Report: var report } && report.Worker == worker.Id)
            {
                return report;
            }
        }

        return null;
    }

    private async Task EndAsync()
    {
        await Task.WhenAny(Future.Settled, death).ConfigureAwait(false);
        if (death.IsCompleted)
        {
            // Nobody comes in its place. A task that it had not even begun hears so.
            await pool.Supervisor.ScaleAsync(0).ConfigureAwait(false);
            await Future.Settled.ConfigureAwait(false);
        }

        await pool.StopAsync().ConfigureAwait(false);
        await death.ConfigureAwait(false);
    }
}

/// <summary>A <see cref="TaskProcess"/> whose task has a result.</summary>
/// <typeparam name="TResult">What the task returns.</typeparam>
public sealed class TaskProcess<TResult> : TaskProcess
{
    internal TaskProcess(WorkerPool pool, WorkerStatus worker, TaskFuture<TResult> future)
        : base(pool, worker, future)
    {
    }

    /// <summary>The task's future: its state, result and failure.</summary>
    public new TaskFuture<TResult> Future => (TaskFuture<TResult>)base.Future;
}
