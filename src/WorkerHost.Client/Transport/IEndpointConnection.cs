namespace WorkerHost.Client;

/// <summary>
/// The seam between the dispatcher and the wire: a session where the endpoint has one, unary calls where it has not.
/// </summary>
internal interface IEndpointConnection : IAsyncDisposable
{
    EndpointState State { get; }

    /// <summary>Ends, never fails, when nothing more comes.</summary>
    Task Ended { get; }

    /// <summary>Write what waits in the outbox. Called outside the gate, from any thread; returns soon.</summary>
    /// <param name="hurry">A lane is waiting: write on this thread, now. Otherwise a moment's delay gathers a larger batch.</param>
    void Pump(bool hurry);

    /// <summary>Opens a streaming call there, under this number. Only where the endpoint takes calls. Never throws.</summary>
    void Open(TaskEntry entry, ulong sequence) => throw new NotSupportedException($"{State.Worker.Id} takes no streaming calls");

    /// <summary>End the connection; what it had arrives as the end of its session.</summary>
    void Abort(string reason);

    /// <summary>Nothing more comes: ask the endpoint to finish and end in good order.</summary>
    void HalfClose();
}
