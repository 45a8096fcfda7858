namespace WorkerHost.Client;

/// <summary>Results as they came.</summary>
internal sealed class RawBytes : IResultReader<ReadOnlyMemory<byte>>
{
    public static RawBytes Reader { get; } = new();

    public ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> data, string contentType) => data;
}
