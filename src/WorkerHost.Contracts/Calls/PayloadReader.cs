using System.Buffers;
using Grpc.Core;

namespace WorkerHost;

/// <summary>Gives a payload to the marshaller of a gRPC method, without a copy. One per thread: a marshaller is done with it when it returns.</summary>
internal sealed class PayloadReader : DeserializationContext
{
    [ThreadStatic]
    private static PayloadReader? cached;

    private ReadOnlyMemory<byte> payload;

    private PayloadReader()
    {
    }

    public override int PayloadLength => payload.Length;

    public override byte[] PayloadAsNewBuffer() => payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(payload);

    /// <exception cref="Exception">Any: these bytes are not such a message.</exception>
    public static T Read<T>(Marshaller<T> marshaller, ReadOnlyMemory<byte> payload)
    {
        var reader = cached ?? new PayloadReader();
        cached = null;
        reader.payload = payload;
        try
        {
            return marshaller.ContextualDeserializer(reader);
        }
        finally
        {
            reader.payload = default;
            cached = reader;
        }
    }
}
