namespace WorkerHost.Sidecar.Configuration;

/// <summary>The data plane. The largest message it takes is the largest that one of the pools takes (<c>maxMessageBytes</c>).</summary>
internal sealed record DataSettings : ListenerSettings
{
    /// <summary>Whether tools may ask for the services and messages there are (gRPC server reflection). Default false.</summary>
    public bool Reflection { get; init; }

    /// <summary>How many connections may be open at once, over all listeners of the data plane; more are closed at once. From 1 to 100 000, default 1000.</summary>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>The most metadata (headers) of one call, in bytes, from 1 KiB to 1 MiB. Default 32 KiB.</summary>
    public int MaxMetadataBytes { get; init; } = 32 * 1024;

    /// <summary>
    /// What may be kept of requests that are still being read, of all connections together, in bytes; from 16 MiB to 1 TiB. Whoever finds no room is read no further
    /// until there is some. Half of it is parted among <c>maxConnections</c>, each part for one; the other half is for who comes, and one connection at a time may go
    /// beyond it, by 16 messages at the most. Default 1 GiB.
    /// </summary>
    public long MaxBufferedBytes { get; init; } = 1L << 30;

    /// <summary>
    /// How long a connection over TCP may be silent until it is asked (HTTP/2 PING) whether anybody is there; from 1 s to 1 day.
    /// Default 20 s.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the answer to that may take until the connection is closed; from 1 s to 1 day. Default 10 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a task goes on whose client is gone, from the end of its session until it is cancelled, unless somebody attaches to it by its
    /// id; from 0 to 1 day. Default 30 s.
    /// </summary>
    public TimeSpan AbandonAfter { get; init; } = TimeSpan.FromSeconds(30);
}
