using System.Runtime.CompilerServices;
using System.Threading.Channels;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Admin.Events;

/// <summary>
/// One watch: the events of one pool or of all, in one stream. Each pool's come in order; which of two pools' comes first is
/// nobody's promise. A slow reader holds nobody up: what passes it by is told as lost, in its place.
/// </summary>
internal sealed class EventWatch
{
    /// <summary>Read ahead of a slow client at most; the rest waits where it is kept.</summary>
    private const int Ahead = 64;

    private readonly HostedPools pools;
    private readonly WatchRequest request;
    private WatchCursor cursor;

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT: the cursor is none.</exception>
    /// <exception cref="NoSuchPoolException">The pool is not there.</exception>
    public EventWatch(HostedPools pools, WatchRequest request)
    {
        this.pools = pools;
        this.request = request;
        cursor = request.After.Length == 0 ? WatchCursor.Empty
            : WatchCursor.Parse(request.After) ?? throw Refusals.BadInput($"\"{request.After}\" is no cursor of Watch; `after` is the `cursor` of a response that was seen");
        if (request.Pool.Length > 0)
        {
            pools.Find(request.Pool);
        }
    }

    /// <summary>To be read once.</summary>
    public async IAsyncEnumerable<WatchResponse> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<(HostedPool Pool, WatchResponse Response, long Sequence)>(new BoundedChannelOptions(Ahead) { SingleReader = true });
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = pools.Changed;
        var now = Watched().ToList();
        var starts = now.Select(pool => (Pool: pool, Start: StartOf(pool))).ToList();
        foreach (var (pool, start) in starts)
        {
            cursor = cursor.With(pool.Name, pool.Pool.Instance, start.After);
        }

        var reading = ReadAllAsync(starts, changed, channel.Writer, left.Token);
        try
        {
            yield return new WatchResponse { Cursor = cursor.ToString() };
            await foreach (var (pool, response, sequence) in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                cursor = cursor.With(pool.Name, pool.Pool.Instance, sequence);
                response.Cursor = cursor.ToString();
                yield return response;
            }
        }
        finally
        {
            await left.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<HostedPool> Watched() =>
        pools.All.Where(pool => pool.Pool.Source is Supervisor && (request.Pool.Length == 0 || request.Pool == pool.Name));

    /// <summary>Behind which event this pool is read, and the loss to be told before.</summary>
    private (long After, EventsLost? Lost) StartOf(HostedPool pool)
    {
        var events = ((Supervisor)pool.Pool.Source).Events;
        var oldest = events.OldestKept;
        if (cursor.Read.TryGetValue(pool.Name, out var read))
        {
            return read.Instance == pool.Pool.Instance && read.Sequence <= events.Last
                ? (read.Sequence, null)
                : (oldest - 1, new EventsLost
                {
                    Pool = pool.Name,
                    Next = (ulong)oldest,
                    Message = $"pool {pool.Name} was started anew since event {read.Sequence}; what came after that in its former life is not kept",
                });
        }

        // Not in the cursor: it has come since.
        return (request.After.Length > 0 ? 0 : request.Kept ? oldest - 1 : events.Last, null);
    }

    private async Task ReadAllAsync(
        List<(HostedPool Pool, (long After, EventsLost? Lost) Start)> starts,
        Task changed,
        ChannelWriter<(HostedPool Pool, WatchResponse Response, long Sequence)> writer,
        CancellationToken cancellationToken)
    {
        try
        {
            var reading = new Dictionary<HostedPool, Task>(ReferenceEqualityComparer.Instance);
            foreach (var (pool, (after, lost)) in starts)
            {
                reading.Add(pool, ReadAsync(pool, after, lost, writer, cancellationToken));
            }

            while (!request.Ends)
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                changed = pools.Changed;
                foreach (var pool in Watched().Where(pool => !reading.ContainsKey(pool)))
                {
                    // All of it: it was not there before.
                    reading.Add(pool, ReadAsync(pool, 0, null, writer, cancellationToken));
                }
            }

            await Task.WhenAll(reading.Values).ConfigureAwait(false);
            writer.Complete();
        }
        catch (Exception e)
        {
            writer.TryComplete(e);
        }
    }

    private async Task ReadAsync(
        HostedPool pool, long after, EventsLost? lost, ChannelWriter<(HostedPool Pool, WatchResponse Response, long Sequence)> writer, CancellationToken cancellationToken)
    {
        var supervisor = (Supervisor)pool.Pool.Source;
        var last = request.Ends ? supervisor.Events.Last : long.MaxValue;
        if (lost is not null)
        {
            await writer.WriteAsync((pool, new WatchResponse { Lost = lost }, after), cancellationToken).ConfigureAwait(false);
        }

        while (after < last)
        {
            try
            {
                await foreach (var what in supervisor.WatchAsync(after, cancellationToken).ConfigureAwait(false))
                {
                    after = what.Sequence;
                    await writer.WriteAsync((pool, new WatchResponse { Event = AdminMessages.Of(what) }, after), cancellationToken).ConfigureAwait(false);
                    if (after >= last)
                    {
                        break;
                    }
                }

                return;
            }
            catch (EventsLostException e)
            {
                lost = new EventsLost { Pool = pool.Name, First = (ulong)e.After + 1, Next = (ulong)e.OldestKept, Message = e.Message };
                after = e.OldestKept - 1;
                await writer.WriteAsync((pool, new WatchResponse { Lost = lost }, after), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
