using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>
/// A task per line. Lines are read while results are awaited, and no further ahead than the window is wide; so the input may be endless.
/// </summary>
/// <param name="pool">Where tasks go.</param>
/// <param name="task">Its name.</param>
/// <param name="options">For each.</param>
/// <param name="ordered">Outcomes come in the order of the lines; else as tasks end.</param>
/// <param name="window">How much is under way.</param>
/// <param name="progress">Is told of what was read.</param>
internal sealed class MapRun(WorkerPool pool, string task, TaskOptions options, bool ordered, MapWindow window, MapProgress progress)
{
    private readonly Channel<MapItem> items = Channel.CreateUnbounded<MapItem>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>The outcomes; whoever stops taking them cancels what is under way.</summary>
    /// <exception cref="CommandException">A line cannot be taken.</exception>
    public async IAsyncEnumerable<MapOutcome> RunAsync(IAsyncEnumerable<MapLine> lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(lines, leaving.Token);
        try
        {
            await foreach (var item in items.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                var outcome = await OutcomeAsync(item).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                yield return outcome;
                window.Leave(item.Size);
            }

            await reading.ConfigureAwait(false);
        }
        finally
        {
            await leaving.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whether an outcome is there: who writes need not flush yet.</summary>
    public bool MoreIsThere => items.Reader.TryPeek(out var next) && next.Future is null or { IsDone: true };

    private async Task ReadAsync(IAsyncEnumerable<MapLine> lines, CancellationToken leaving)
    {
        Exception? failed = null;
        long underWay = 1;
        try
        {
            await foreach (var line in lines.WithCancellation(leaving).ConfigureAwait(false))
            {
                var size = line.Arguments?.Length ?? 0;
                await window.EnterAsync(size, leaving).ConfigureAwait(false);
                progress.Read();
                var item = await SubmitAsync(line, size, leaving).ConfigureAwait(false);
                if (ordered || item.Future is null)
                {
                    items.Writer.TryWrite(item);
                }
                else
                {
                    Interlocked.Increment(ref underWay);
                    item.Future.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() =>
                    {
                        items.Writer.TryWrite(item);
                        Ended();
                    });
                }
            }
        }
        catch (Exception e)
        {
            failed = e;
        }

        Ended();

        // The last one closes: the reader, or the last task that it has submitted. An error of the input comes behind the results of its lines.
        void Ended()
        {
            if (Interlocked.Decrement(ref underWay) == 0)
            {
                items.Writer.TryComplete(failed);
            }
        }
    }

    private async ValueTask<MapItem> SubmitAsync(MapLine line, long size, CancellationToken leaving)
    {
        if (line.Arguments is not { } arguments)
        {
            return new MapItem(line, size, null, new TaskFailure { Kind = TaskFailureKind.BadInput, NeverStarted = true, Message = line.Problem! });
        }

        try
        {
            return new MapItem(line, size, await pool.SubmitAsync(task, arguments, ContentType.Json, RawResult.Reader, options, leaving, leaving).ConfigureAwait(false), null);
        }
        catch (TaskException e)
        {
            return new MapItem(line, size, null, e.Failure);
        }
    }

    private static async ValueTask<MapOutcome> OutcomeAsync(MapItem item)
    {
        if (item.Future is not { } future)
        {
            return new MapOutcome(item.Line, default, item.Refusal, "");
        }

        try
        {
            return new MapOutcome(item.Line, await future.Task.ConfigureAwait(false), null, future.Id);
        }
        catch (TaskException e)
        {
            return new MapOutcome(item.Line, default, e.Failure, future.Id);
        }
    }
}
