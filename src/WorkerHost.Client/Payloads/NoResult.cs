namespace WorkerHost.Client;

/// <summary>For whoever wants to know only that a task has ended.</summary>
internal sealed class NoResult : IResultReader<object?>
{
    public static NoResult Reader { get; } = new();

    public object? Read(ReadOnlyMemory<byte> data, string contentType) => null;
}
