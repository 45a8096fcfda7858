using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>What a handler's result is on the wire.</summary>
internal readonly record struct TaskResult(ByteString Data, string ContentType)
{
    /// <summary>Of a handler that returns nothing.</summary>
    public static TaskResult Nothing { get; } = new(ByteString.CopyFromUtf8("null"), WorkerHost.ContentType.Json);
}

/// <summary>
/// A mapped task: reads the payload, calls the user's code, writes the result; all of it in a lane, blocking it.
/// </summary>
internal abstract class TaskHandler(string name, string[] contentTypes)
{
    public string Name { get; } = name;

    /// <summary>What it accepts, the preferred one first.</summary>
    public string[] ContentTypes { get; } = contentTypes;

    /// <summary>It yields items.</summary>
    public virtual bool YieldsItems => false;

    /// <exception cref="BadInputException">The payload cannot be read.</exception>
    /// <exception cref="ResultNotWritableException">The result cannot be written.</exception>
    public abstract TaskResult Run(TaskRun run, CancellationToken cancellationToken);

    /// <summary>Everything is mapped and registered now.</summary>
    /// <exception cref="InvalidOperationException">This handler was mapped too early.</exception>
    public virtual void Close(HandlerServices services)
    {
    }

    protected static bool Is(string contentType, string expected) =>
        ReferenceEquals(contentType, expected) || string.Equals(contentType, expected, StringComparison.Ordinal);

    protected static bool IsJson(string contentType) => contentType.Length == 0 || Is(contentType, ContentType.Json);

    protected BadInputException UnknownContentType(string contentType) => new(
        $"task \"{Name}\" does not take content type \"{BoundedText.Cut(contentType, 200)}\"; it takes {string.Join(", ", ContentTypes)}");

    /// <summary>Blocks the lane's thread until an asynchronous handler is done.</summary>
    protected static T Wait<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();

    /// <summary>The same bytes without a copy, where the array is all of it.</summary>
    protected static ByteString Wrap(ReadOnlyMemory<byte> bytes) =>
        bytes.IsEmpty ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(bytes);
}
