namespace WorkerHost;

/// <summary>An exception as it was thrown in a worker, in the worker's language. Immutable.</summary>
/// <param name="Type">Full type name, for example <c>System.InvalidOperationException</c>.</param>
/// <param name="Message">Its message.</param>
/// <param name="StackTrace">As the language prints it; empty when there is none.</param>
/// <param name="Cause">The exception behind it, or null.</param>
public sealed record RemoteError(string Type, string Message, string StackTrace, RemoteError? Cause)
{
    /// <summary>More than this of <see cref="Data"/> is dropped.</summary>
    internal const int MaxDataBytes = 16 * 1024;

    /// <summary>What <see cref="Data"/> is, for example <c>application/x-python-pickle</c>; null where there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>
    /// The exception in its language's own form, for a caller in the same language; at most 16 KiB, empty where there is none. It is what the worker
    /// says: nothing here reads it, and neither should who does not trust the worker.
    /// </summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Type, message, stack and every cause, for people.</summary>
    public override string ToString() => Cause is null
        ? $"{Type}: {Message}\n{StackTrace}"
        : $"{Type}: {Message}\n{StackTrace}\n ---> {Cause}";
}
