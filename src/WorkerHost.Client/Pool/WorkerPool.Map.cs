using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using WorkerHost.Client;

namespace WorkerHost;

/// <summary>A task per item.</summary>
public sealed partial class WorkerPool
{
    /// <summary>How many items <c>Map</c> takes ahead of its consumer unless told otherwise.</summary>
    public const int DefaultMapBuffer = 1000;

    /// <summary>
    /// Runs a task for each item, the item as its one argument, and yields the results in the order of the items, or as the tasks
    /// end. The first failure in that order is thrown where its result would have been; what is still ahead is then cancelled,
    /// and so it is when the consumer stops early. What the producer throws is thrown after the results of its items.
    /// </summary>
    /// <param name="task">The name the worker mapped its handler under.</param>
    /// <param name="items">Taken one by one, at most <paramref name="buffer"/> ahead of the consumer.</param>
    /// <param name="options">For each task; null: the defaults. An <c>Id</c> is not allowed: it would be everyone's.</param>
    /// <param name="buffer">1 or more; default 1000.</param>
    /// <param name="ordered">False: each result comes as soon as its task has ended, and none waits for an older one. Default true.</param>
    /// <param name="cancellationToken">Stops, and cancels what is ahead.</param>
    /// <exception cref="TaskException">A task failed.</exception>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(
        string task, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        return Map<TItem, TResult>(task, items.ToAsyncEnumerable(), options, buffer, ordered, cancellationToken);
    }

    /// <inheritdoc cref="Map{TItem, TResult}(string, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(
        string task, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer, 1);
        if (options?.Id is not null)
        {
            throw new ArgumentException("TaskOptions.Id would be the id of every item's task; leave it null for Map", nameof(options));
        }

        return MapAhead<TItem, TResult>(
            items,
            (item, leaving, token) => SubmitAsync(task, ArgumentsOf(task, [item]), ContentType.Json, Client.JsonResult<TResult>.Reader, options, leaving, token),
            buffer,
            TasksAhead<TResult>.Of(ordered),
            cancellationToken);
    }

    private static async IAsyncEnumerable<TResult> MapAhead<TItem, TResult>(
        IAsyncEnumerable<TItem> items,
        Func<TItem, CancellationToken, CancellationToken, ValueTask<TaskFuture<TResult>>> submit,
        int buffer,
        TasksAhead<TResult> ahead,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var producer = items.GetAsyncEnumerator(leaving.Token);
        ExceptionDispatchInfo? producerFailed = null;
        Task<bool>? moving = null;
        Task<TaskFuture<TResult>>? submitting = null;
        var more = true;
        try
        {
            while (true)
            {
                while (more && ahead.Count < buffer && ahead.NextHasEnded is not { IsCompleted: true })
                {
                    // Neither a slow producer nor a full queue holds back a result that is there.
                    var nextHasEnded = ahead.NextHasEnded;
                    try
                    {
                        if (submitting is null)
                        {
                            moving ??= producer.MoveNextAsync().AsTask();
                            if (!await EndsFirst(moving, nextHasEnded).ConfigureAwait(false))
                            {
                                break;
                            }

                            more = await moving.ConfigureAwait(false);
                            moving = null;
                            if (!more)
                            {
                                break;
                            }

                            submitting = submit(producer.Current, leaving.Token, cancellationToken).AsTask();
                        }

                        if (!await EndsFirst(submitting, nextHasEnded).ConfigureAwait(false))
                        {
                            break;
                        }

                        ahead.Add(await submitting.ConfigureAwait(false));
                        submitting = null;
                    }
                    catch (Exception e)
                    {
                        moving = null;
                        submitting = null;
                        more = false;
                        producerFailed = ExceptionDispatchInfo.Capture(e);
                    }
                }

                if (ahead.Count == 0)
                {
                    producerFailed?.Throw();
                    yield break;
                }

                var next = await ahead.TakeAsync().ConfigureAwait(false);
                yield return await next.ConfigureAwait(false);
            }
        }
        finally
        {
            ahead.CancelAll();
            if (((Task?)moving ?? submitting) is { } underWay)
            {
                // An enumerator must not be disposed while it moves; one that heeds its token need not be waited for.
                await leaving.CancelAsync().ConfigureAwait(false);
                await underWay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (submitting is { IsCompletedSuccessfully: true })
            {
                (await submitting.ConfigureAwait(false)).Cancel();
            }

            await producer.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits for one of the two. False: the first is still under way.</summary>
    private static async ValueTask<bool> EndsFirst(Task first, Task? second)
    {
        if (!first.IsCompleted && second is not null)
        {
            await Task.WhenAny(first, second).ConfigureAwait(false);
        }

        return first.IsCompleted || second is null;
    }
}
