using Microsoft.AspNetCore.Connections;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// Bounds how many connections are open, over all listeners of a plane. Strangers cannot keep others out: when there are as many as may be, the oldest on which nobody
/// has shown who he is makes room, and none of those may stay for long. Only where all are known the new one is closed. Thread-safe.
/// </summary>
/// <param name="max">How many.</param>
/// <param name="bound">What bounds them, for messages: the setting, or whose they are.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told where new ones are closed.</param>
internal sealed partial class ConnectionLimit(int max, string bound, TimeProvider time, ILogger logger)
{
    /// <summary>A handshake of TLS and the headers of a first request take a round trip or a few.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A client may have some calls on their way before it hears of the first refusal.
    private const int MostRefused = 20;

    private readonly Lock gate = new();
    private readonly LinkedList<Visit> unknown = [];
    private int open;
    private long toldAt = long.MinValue;

    /// <summary>How many are open.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>For a listener that knows its peers from the start.</summary>
    public ConnectionDelegate OfKnown(ConnectionDelegate next) => async connection =>
    {
        if (!Enter(null))
        {
            Refuse(connection);
            return;
        }

        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    };

    /// <summary>For a listener whose peers say who they are in a request.</summary>
    public ConnectionDelegate OfUnknown(ConnectionDelegate next) => async connection =>
    {
        var visit = new Visit(this, connection);
        if (!Enter(visit))
        {
            Refuse(connection);
            return;
        }

        using var patience = time.CreateTimer(static state => ((Visit)state!).LeaveIfUnknown(), visit, Patience, Timeout.InfiniteTimeSpan);
        connection.Features.Set(visit);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Forget(visit);
            Interlocked.Decrement(ref open);
        }
    };

    private bool Enter(Visit? visit)
    {
        Visit? oldest = null;
        lock (gate)
        {
            if (open >= max)
            {
                if (unknown.First is not { Value: var first })
                {
                    return false;
                }

                // It counts until it has ended: for a moment there are more than may be.
                unknown.RemoveFirst();
                first.Place = null;
                oldest = first;
            }

            Interlocked.Increment(ref open);
            if (visit is not null)
            {
                visit.Place = unknown.AddLast(visit);
            }
        }

        oldest?.Leave();
        return true;
    }

    private bool Forget(Visit visit)
    {
        lock (gate)
        {
            if (visit.Place is not { } place)
            {
                return false;
            }

            unknown.Remove(place);
            visit.Place = null;
            return true;
        }
    }

    private void Refuse(ConnectionContext connection)
    {
        var now = time.GetTimestamp();
        var before = Interlocked.Read(ref toldAt);
        if ((before == long.MinValue || time.GetElapsedTime(before, now) > TimeSpan.FromSeconds(1)) && Interlocked.CompareExchange(ref toldAt, now, before) == before)
        {
            Log.Full(logger, max, bound);
        }

        connection.Abort(new ConnectionAbortedException("too many connections"));
    }

    /// <summary>A connection of which nobody knows yet whose it is.</summary>
    internal sealed class Visit(ConnectionLimit limit, ConnectionContext connection)
    {
        private bool admitted;
        private int refused;

        /// <summary>Where it stands among the unknown; null: not there any more. Guarded by the limit.</summary>
        public LinkedListNode<Visit>? Place { get; set; }

        /// <summary>A request on it has shown who it is.</summary>
        public void Admitted()
        {
            if (!Volatile.Read(ref admitted))
            {
                limit.Forget(this);
                Volatile.Write(ref admitted, true);
            }
        }

        /// <summary>A request on it has shown nothing. One may be a mistake and is answered; who goes on is a flood, and loses the connection.</summary>
        public void Refused()
        {
            if (Interlocked.Increment(ref refused) > MostRefused)
            {
                limit.Forget(this);
                Leave();
            }
        }

        public void LeaveIfUnknown()
        {
            if (limit.Forget(this))
            {
                Leave();
            }
        }

        public void Leave() => connection.Abort(new ConnectionAbortedException("nobody has shown who this is"));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "as many connections are open as may be ({Max}); new ones are closed at once ({Bound}). Said at most once a second")]
        public static partial void Full(ILogger logger, int max, string bound);
    }
}
