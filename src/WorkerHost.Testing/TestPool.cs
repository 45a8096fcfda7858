using System.Collections.Immutable;

namespace WorkerHost.Testing;

/// <summary>
/// A pool for tests of your own code. The pool is the real one, with its queue, retries, time limits, quarantine and sessions, and so is the worker's side; only processes
/// are pretended: your handlers run on threads of the test, and the workers around them crash, hang and slow down when they are told to. Dispose of it to
/// stop. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var test = await TestPool.StartAsync(worker => worker.MapTask("render", (string url) => "page"));
/// test.CrashOn("render");
/// var service = new Renderer(test.Pool);
/// </code>
/// </example>
public sealed class TestPool : IAsyncDisposable
{
    private readonly ScriptedSupervisor supervisor;

    private TestPool(ScriptedSupervisor supervisor, WorkerPool pool)
    {
        this.supervisor = supervisor;
        Pool = pool;
        Workers = [.. supervisor.Slots.Select(slot => new TestWorker(supervisor, slot))];
    }

    /// <summary>What your code is given in the place of its pool.</summary>
    public WorkerPool Pool { get; }

    /// <summary>The places of workers.</summary>
    public ImmutableArray<TestWorker> Workers { get; }

    /// <summary>Every death so far, oldest first.</summary>
    public ImmutableArray<DeathReport> Deaths => supervisor.Deaths;

    /// <summary>Starts the workers.</summary>
    /// <param name="map">Maps tasks and registers services and initializers, as a worker's program does before its <c>RunAsync</c>. Called once for each worker that is started.</param>
    /// <param name="options">Null: the defaults, one worker with one lane.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <returns>When every worker takes tasks.</returns>
    /// <exception cref="ArgumentException">Options that cannot be used: all of them at once.</exception>
    /// <exception cref="WorkerStartException">No worker could be started: has what the program threw.</exception>
    public static async Task<TestPool> StartAsync(Action<WorkerApplication> map, TestPoolOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(map);
        options ??= new TestPoolOptions();
        options.ThrowIfInvalid();
        var supervisor = new ScriptedSupervisor(map, options);
        var jitter = new SeededRandom(options.Seed);
        var pool = new WorkerPool(supervisor, supervisor, options with { Jitter = jitter.NextDouble }, new SeededRandom(options.Seed));
        Unawaited.Observe(pool.FirstConnected);
        var test = new TestPool(supervisor, pool);
        try
        {
            await Task.WhenAll(supervisor.Slots.Select(supervisor.Start)).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (test.Workers.All(static w => w.State == SlotState.CrashLooping))
            {
                throw new WorkerStartException(options.Name, "the program that the test gives", test.Deaths);
            }

            await pool.FirstConnected.WaitAsync(cancellationToken).ConfigureAwait(false);
            return test;
        }
        catch
        {
            await test.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends a worker at a task: at the <paramref name="nth"/> that comes to that moment from now on, on whichever worker, and at those after it, <paramref name="times"/> in all.</summary>
    /// <param name="task">The task's name; of a function its full name.</param>
    /// <param name="nth">From 1.</param>
    /// <param name="times">How many workers are to end so, one after the other; <see cref="int.MaxValue"/>: each. Each attempt of a task counts.</param>
    /// <param name="moment">When in the task's life, and so with which evidence.</param>
    /// <param name="death">How; null: <see cref="TestDeath.Segfault"/>.</param>
    public void CrashOn(string task, int nth = 1, int times = 1, CrashMoment moment = CrashMoment.WhileRunning, TestDeath? death = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        ArgumentOutOfRangeException.ThrowIfLessThan(nth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        if (!Enum.IsDefined(moment))
        {
            throw new ArgumentOutOfRangeException(nameof(moment), moment, "not a CrashMoment");
        }

        supervisor.Plan.Add(task, moment, nth, times, death ?? TestDeath.Segfault);
    }

    /// <summary>A fact to wait for instead of time: so many tasks of that name are in their handlers, or in what slows them down, at the same time.</summary>
    /// <param name="task">The task's name; of a function its full name.</param>
    /// <param name="count">From 1.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task UntilRunningAsync(string task, int count = 1, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return supervisor.Running.Reach(task, count).WaitAsync(cancellationToken);
    }

    /// <summary>Ends the workers, so that no future stays open whatever the clock of the test says, and stops the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        await supervisor.DisposeAsync().ConfigureAwait(false);
        await Pool.StopAsync(StopMode.CancelAll).ConfigureAwait(false);
    }
}
