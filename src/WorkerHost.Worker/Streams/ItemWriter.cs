using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>Makes bytes of the items that a handler yields. They are copied: what was yielded is the handler's again when it goes on.</summary>
internal abstract class ItemWriter<T>
{
    public abstract string ContentType { get; }

    public abstract ByteString Write(T item);

    /// <summary>Adds the item to an array of JSON.</summary>
    public abstract void WriteJson(Utf8JsonWriter writer, T item);

    public static ItemWriter<T> For(HandlerJson json)
    {
        var type = typeof(T);
        return type == typeof(byte[]) ? (ItemWriter<T>)(object)new BytesItems<byte[]>(static bytes => bytes)
            : type == typeof(ReadOnlyMemory<byte>) ? (ItemWriter<T>)(object)new BytesItems<ReadOnlyMemory<byte>>(static bytes => bytes)
            : type == typeof(Memory<byte>) ? (ItemWriter<T>)(object)new BytesItems<Memory<byte>>(static bytes => bytes)
            : typeof(IMessage).IsAssignableFrom(type) ? new MessageItems<T>()
            : new JsonItems<T>(() => (JsonTypeInfo<T>)json.TypeInfo(type));
    }
}

/// <param name="typeInfo">Asked when the first item is there: what looks at types costs time at a start.</param>
internal sealed class JsonItems<T>(Func<JsonTypeInfo<T>> typeInfo) : ItemWriter<T>
{
    private JsonTypeInfo<T>? known;

    public override string ContentType => WorkerHost.ContentType.Json;

    public override ByteString Write(T item)
    {
        var scratch = JsonScratch.Take();
        JsonSerializer.Serialize(scratch.Writer, item, known ??= typeInfo());
        return UnsafeByteOperations.UnsafeWrap(scratch.GiveBack());
    }

    public override void WriteJson(Utf8JsonWriter writer, T item) => JsonSerializer.Serialize(writer, item, known ??= typeInfo());
}

internal sealed class BytesItems<T>(Func<T, ReadOnlyMemory<byte>> bytes) : ItemWriter<T>
{
    public override string ContentType => WorkerHost.ContentType.Bytes;

    public override ByteString Write(T item) => ByteString.CopyFrom(bytes(item).Span);

    public override void WriteJson(Utf8JsonWriter writer, T item) => writer.WriteBase64StringValue(bytes(item).Span);
}

internal sealed class MessageItems<T> : ItemWriter<T>
{
    public override string ContentType => WorkerHost.ContentType.Protobuf;

    public override ByteString Write(T item) => item is IMessage message
        ? message.ToByteString()
        : throw new InvalidOperationException("the handler yielded null instead of a message");

    public override void WriteJson(Utf8JsonWriter writer, T item) =>
        throw new NotSupportedException("protobuf messages cannot be collected in one result; take them one by one with Stream");
}
