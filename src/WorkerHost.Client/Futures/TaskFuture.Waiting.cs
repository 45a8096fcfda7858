using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace WorkerHost;

/// <summary>Waiting for several futures.</summary>
public abstract partial class TaskFuture
{
    /// <summary>
    /// Yields the futures as they end: those that had ended first, then the others in the order of their ends. A
    /// future that was yielded is not kept alive. Nothing is thrown for a failed task: look at the future.
    /// </summary>
    /// <param name="futures">Which; the same one twice is yielded once.</param>
    /// <param name="timeout">How long to wait in all; null: for ever.</param>
    /// <param name="timeProvider">The clock of the timeout; null: the system's.</param>
    /// <param name="cancellationToken">Stops the waiting, not the tasks.</param>
    /// <exception cref="TimeoutException">The timeout passed; says how many had not ended, like "2 (of 4) futures unfinished".</exception>
    public static async IAsyncEnumerable<TFuture> AsCompleted<TFuture>(
        IEnumerable<TFuture> futures,
        TimeSpan? timeout = null,
        TimeProvider? timeProvider = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TFuture : TaskFuture
    {
        ArgumentNullException.ThrowIfNull(futures);
        var distinct = futures.Distinct().ToList();
        var total = distinct.Count;
        var ended = Channel.CreateUnbounded<TFuture>(new UnboundedChannelOptions { SingleReader = true });

        // Not disposed of: it only takes the continuations off what has not ended, so that waiting again and again for the
        // first of many leaves nothing with the others.
        var leaving = new CancellationTokenSource();
        foreach (var future in distinct.OrderBy(static f => f.IsDone ? 0 : 1))
        {
            if (future.IsDone)
            {
                ended.Writer.TryWrite(future);
            }
            else
            {
                _ = future.Completion.ContinueWith(
                    static (_, s) => ((Channel<TFuture> To, TFuture Future))s! is var pair && pair.To.Writer.TryWrite(pair.Future),
                    (ended, future),
                    leaving.Token,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }
        }

        distinct = null;
        using var timer = timeout is { } limit ? new CancellationTokenSource(limit, timeProvider ?? TimeProvider.System) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            for (var yielded = 0; yielded < total; yielded++)
            {
                if (!await ArrivesAsync(ended.Reader, either.Token).ConfigureAwait(false))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    throw new TimeoutException($"{total - yielded} (of {total}) futures unfinished");
                }

                // In no variable: this method waits on while the caller may have forgotten the future.
                yield return ended.Reader.TryRead(out var next) ? next : throw new InvalidOperationException("nobody else reads");
            }
        }
        finally
        {
            await leaving.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What has ended counts, however little time there is; false: the waiting was given up.</summary>
    private static async ValueTask<bool> ArrivesAsync<TFuture>(ChannelReader<TFuture> ended, CancellationToken cancellationToken)
    {
        if (ended.TryPeek(out _))
        {
            return true;
        }

        try
        {
            return await ended.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// Waits until all of the futures have ended, or the first of them, or the first that failed; a timeout is no error here.
    /// Nothing is thrown for a failed task: look at the future.
    /// </summary>
    /// <param name="futures">Which; the same one twice counts once. Of none nothing is waited for.</param>
    /// <param name="until">What is waited for.</param>
    /// <param name="timeout">How long to wait at most; null: for ever.</param>
    /// <param name="timeProvider">The clock of the timeout; null: the system's.</param>
    /// <param name="cancellationToken">Stops the waiting, not the tasks.</param>
    /// <returns>Which have ended then, and which have not, each in the order in which they were given.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before what was waited for.</exception>
    public static async Task<WaitResult<TFuture>> WaitAsync<TFuture>(
        IEnumerable<TFuture> futures,
        WaitUntil until = WaitUntil.AllEnded,
        TimeSpan? timeout = null,
        TimeProvider? timeProvider = null,
        CancellationToken cancellationToken = default)
        where TFuture : TaskFuture
    {
        ArgumentNullException.ThrowIfNull(futures);
        if (!Enum.IsDefined(until))
        {
            throw new ArgumentOutOfRangeException(nameof(until), until, "not something to wait for");
        }

        var all = futures.Distinct().ToList();
        try
        {
            await foreach (var ended in AsCompleted(all, timeout, timeProvider, cancellationToken).ConfigureAwait(false))
            {
                if (until == WaitUntil.FirstEnded || (until == WaitUntil.FirstFailed && ended.Completion.IsFaulted))
                {
                    break;
                }
            }
        }
        catch (TimeoutException)
        {
            // Said by what has not ended.
        }

        var done = all.ToLookup(static f => f.IsDone);
        return new WaitResult<TFuture>([.. done[true]], [.. done[false]]);
    }

    /// <summary>Ends when all have ended, with their results in order; fails as the first failed one of them fails.</summary>
    public static Task<T[]> WhenAll<T>(IEnumerable<TaskFuture<T>> futures)
    {
        ArgumentNullException.ThrowIfNull(futures);
        return Task.WhenAll(futures.Select(static f => f.Task));
    }
}
