namespace WorkerHost;

/// <summary>How workers are reached.</summary>
public enum WorkerTransport
{
    /// <summary>A Unix socket in a directory only this user can enter. The default.</summary>
    UnixSocket = 0,

    /// <summary>A port of 127.0.0.1 and a secret that travels on the worker's stdin, for languages whose gRPC has no Unix sockets.</summary>
    LoopbackTcp = 1,
}
