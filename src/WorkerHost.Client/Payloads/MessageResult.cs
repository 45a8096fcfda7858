using Google.Protobuf;

namespace WorkerHost.Client;

/// <summary>Results that are a protobuf message.</summary>
internal sealed class MessageResult<T> : IResultReader<T>
    where T : class, IMessage<T>, new()
{
    private static readonly MessageParser<T> Parser = new(static () => new T());

    public static MessageResult<T> Reader { get; } = new();

    public T Read(ReadOnlyMemory<byte> data, string contentType)
    {
        JsonPayload.Expect(contentType, ContentType.Protobuf);
        return Parser.ParseFrom(data.Span);
    }
}
