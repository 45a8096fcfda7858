using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections.Features;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// Bounds what is kept of requests that are still being read, of all peers together. Who finds no room is read no further until there is some, and
/// never hears of it. Half of it is parted among all connections that may be, and each part is for its owner alone. Of the other half a peer may have as
/// much as it leaves free (the dynamic thresholds of <see cref="Client.CallerShare"/>). One at a time is favoured, in the order in which they came: it has what it needs beyond the bound until it has given that back, so somebody always gets
/// on, also where everybody holds a part of what it needs. A favoured one that does not get on loses its connection when others wait. Thread-safe.
/// </summary>
internal sealed partial class BufferBudget
{
    /// <summary>What is not more is not counted: a frame of a session is as much.</summary>
    public const int Uncounted = ProtocolLimits.MaxFrameBytes;

    /// <summary>How long the favoured one may stand still while others wait.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly long shared;
    private readonly long part;
    private readonly ILogger logger;
    private readonly ITimer look;
    private readonly Lock gate = new();
    private readonly ConditionalWeakTable<object, Holder> holders = [];
    private readonly LinkedList<Waiter> waiting = [];
    private Holder? favoured;
    private Holder? lookedAt;
    private long movesSeen;
    private long used;
    private long ofParts;

    /// <param name="max">In bytes.</param>
    /// <param name="connections">How many there may be.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told whose connection was closed.</param>
    public BufferBudget(long max, int connections, TimeProvider time, ILogger logger)
    {
        shared = max / 2;
        part = shared / connections;
        this.logger = logger;
        look = time.CreateTimer(static self => ((BufferBudget)self!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What is held by all; a snapshot.</summary>
    public long Held
    {
        get
        {
            lock (gate)
            {
                return used + ofParts + (favoured?.Beyond ?? 0);
            }
        }
    }

    /// <summary>How many wait for room; a snapshot.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>The peer behind a call: its connection, or all of them from its address (<see cref="HttpCallers"/>).</summary>
    public Holder Behind(HttpContext call) => Of(
        call.Features.Get<HttpCallers.Caller>() ?? (object?)call.Features.Get<IConnectionItemsFeature>()?.Items ?? this,
        call.Features.Get<IConnectionLifetimeFeature>() is { } connection ? connection.Abort : call.Abort);

    /// <param name="peer">What stands for it.</param>
    /// <param name="abort">Ends its connection.</param>
    public Holder Of(object peer, Action abort) => holders.GetValue(peer, _ => new Holder(abort));

    /// <summary>Returns when there is room.</summary>
    /// <param name="holder">Who needs it.</param>
    /// <param name="bytes">How much; to be given back.</param>
    /// <param name="cancellationToken">It is not needed any more; nothing is held then.</param>
    public ValueTask TakeAsync(Holder holder, long bytes, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> place;
        lock (gate)
        {
            if (TryTake(holder, bytes))
            {
                return default;
            }

            place = waiting.AddLast(new Waiter(holder, bytes));
            if (waiting.Count == 1)
            {
                (lookedAt, movesSeen) = (favoured, favoured!.Moves);
                look.Change(Patience, Timeout.InfiniteTimeSpan);
            }
        }

        return WaitAsync(place, cancellationToken);
    }

    public void Give(Holder holder, long bytes)
    {
        List<Waiter>? admitted = null;
        lock (gate)
        {
            var beyond = Math.Min(holder.Beyond, bytes);
            var common = Math.Min(holder.Bytes, bytes - beyond);
            holder.Beyond -= beyond;
            holder.Bytes -= common;
            used -= common;
            holder.OfPart -= bytes - beyond - common;
            ofParts -= bytes - beyond - common;
            if (favoured == holder && holder.Beyond == 0)
            {
                favoured = null;
            }

            for (var place = waiting.First; place is not null;)
            {
                var (next, waiter) = (place.Next, place.Value);
                if (TryTake(waiter.Holder, waiter.Bytes))
                {
                    waiting.Remove(place);
                    (admitted ??= []).Add(waiter);
                }

                place = next;
            }
        }

        admitted?.ForEach(static waiter => waiter.Admitted.SetResult());
    }

    private bool TryTake(Holder holder, long bytes)
    {
        if (holder.OfPart + bytes <= part)
        {
            holder.OfPart += bytes;
            ofParts += bytes;
            return true;
        }

        if (holder != favoured && holder.Bytes + bytes <= shared - used - bytes)
        {
            holder.Bytes += bytes;
            used += bytes;
            return true;
        }

        favoured ??= holder;
        if (favoured != holder)
        {
            return false;
        }

        holder.Beyond += bytes;
        return true;
    }

    private async ValueTask WaitAsync(LinkedListNode<Waiter> place, CancellationToken cancellationToken)
    {
        try
        {
            await place.Value.Admitted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            bool waited;
            lock (gate)
            {
                waited = place.List is not null;
                if (waited)
                {
                    waiting.Remove(place);
                }
            }

            if (!waited)
            {
                // It was admitted in the same moment.
                Give(place.Value.Holder, place.Value.Bytes);
            }

            throw;
        }
    }

    private void Look()
    {
        Holder? stuck = null;
        lock (gate)
        {
            if (waiting.Count == 0 || favoured is null)
            {
                return;
            }

            var moves = favoured.Moves;
            stuck = favoured == lookedAt && moves == movesSeen && !favoured.WaitsForOthers ? favoured : null;
            (lookedAt, movesSeen) = (favoured, moves);
            look.Change(Patience, Timeout.InfiniteTimeSpan);
        }

        if (stuck is not null)
        {
            Log.Stuck(logger, Patience.TotalSeconds);
            stuck.Abort();
        }
    }

    /// <summary>A peer, and what is held for it. Guarded by the budget.</summary>
    internal sealed class Holder(Action abort)
    {
        private long moves;
        private int whole;

        /// <summary>Of what is for its connection alone.</summary>
        public long OfPart { get; set; }

        /// <summary>Of what is for all.</summary>
        public long Bytes { get; set; }

        /// <summary>What it has as the favoured one.</summary>
        public long Beyond { get; set; }

        /// <summary>How often something came from it.</summary>
        public long Moves => Volatile.Read(ref moves);

        /// <summary>What it holds has come whole, and waits for a worker: it is not up to the peer to go on.</summary>
        public bool WaitsForOthers => Volatile.Read(ref whole) > 0;

        /// <summary>A message has come whole (1), or has gone on (-1).</summary>
        public void Whole(int change) => Interlocked.Add(ref whole, change);

        /// <summary>Something came from it.</summary>
        public void Moved() => Volatile.Write(ref moves, moves + 1);

        public void Abort() => abort();
    }

    private sealed record Waiter(Holder Holder, long Bytes)
    {
        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "a connection was closed: others waited for room to be read (data:maxBufferedBytes), and of what it had begun to send nothing more came for {Seconds} s")]
        public static partial void Stuck(ILogger logger, double seconds);
    }
}
