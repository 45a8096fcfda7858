namespace WorkerHost;

/// <summary>An exception as it was thrown in a worker, in the worker's language. Immutable.</summary>
/// <param name="Type">Full type name, for example <c>System.InvalidOperationException</c>.</param>
/// <param name="Message">Its message.</param>
/// <param name="StackTrace">As the language prints it; empty when there is none.</param>
/// <param name="Cause">The exception behind it, or null.</param>
public sealed record RemoteError(string Type, string Message, string StackTrace, RemoteError? Cause)
{
    /// <summary>Type, message, stack and every cause, for people.</summary>
    public override string ToString() => Cause is null
        ? $"{Type}: {Message}\n{StackTrace}"
        : $"{Type}: {Message}\n{StackTrace}\n ---> {Cause}";
}
