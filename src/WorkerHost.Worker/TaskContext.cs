using System.Collections.ObjectModel;

namespace WorkerHost;

/// <summary>
/// What a handler may know of the task it runs. Ask for it by parameter. Valid until the handler returns; its members
/// may be read from any thread until then.
/// </summary>
public abstract class TaskContext
{
    private protected TaskContext()
    {
    }

    /// <summary>The caller's id of the task; the same for every attempt.</summary>
    public abstract string Id { get; }

    /// <summary>The name the task was called by.</summary>
    public abstract string Task { get; }

    /// <summary>Which try this is, from 1.</summary>
    public abstract int Attempt { get; }

    /// <summary>
    /// What is left of the task's time limit, never negative, by the monotonic clock; null when it has none.
    /// When it reaches zero, <see cref="CancellationToken"/> is cancelled.
    /// </summary>
    public abstract TimeSpan? TimeRemaining { get; }

    /// <summary>What the caller sent along; trace context travels here.</summary>
    public abstract IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The worker that runs it.</summary>
    public abstract WorkerId Worker { get; }

    /// <summary>
    /// Cancelled when the caller cancels the task, its time limit passes or the worker has to leave. The same token as the
    /// handler's <see cref="System.Threading.CancellationToken"/> parameter. Do not keep it beyond the handler's return.
    /// </summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>
    /// A scope of this task's own over <see cref="WorkerApplication.Services"/>, made at the first use and disposed when the
    /// handler has returned. Not thread-safe.
    /// </summary>
    /// <exception cref="InvalidOperationException">The program has registered no services.</exception>
    public abstract IServiceProvider Services { get; }

    /// <summary>
    /// Tells the caller how far the task is, if it wants to know (<c>TaskOptions.Progress</c>). Never waits: of several reports that are
    /// not on their way yet the newest goes. What is reported after the handler has returned is dropped. Thread-safe.
    /// </summary>
    /// <param name="fraction">From 0 to 1, what is outside is taken as the nearer of the two; <see cref="double.NaN"/>: nobody knows.</param>
    /// <param name="message">What is being done, for people; cut to 512 bytes. Null: nothing.</param>
    public abstract void Report(double fraction, string? message = null);

    private protected static IReadOnlyDictionary<string, string> NoHeaders => ReadOnlyDictionary<string, string>.Empty;
}
