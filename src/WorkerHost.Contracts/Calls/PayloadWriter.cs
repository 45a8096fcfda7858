using System.Buffers;
using Grpc.Core;

namespace WorkerHost;

/// <summary>
/// Takes a message from the marshaller of a gRPC method. Generated code says beforehand how long it will be: then it is written into the one
/// array that becomes the payload. One per thread: a marshaller is done with it when it returns.
/// </summary>
internal sealed class PayloadWriter : SerializationContext, IBufferWriter<byte>
{
    [ThreadStatic]
    private static PayloadWriter? cached;

    private byte[] buffer = [];
    private int written;

    private PayloadWriter()
    {
    }

    /// <exception cref="Exception">Any: the message cannot be written.</exception>
    public static ReadOnlyMemory<byte> Write<T>(Marshaller<T> marshaller, T message)
    {
        var writer = cached ?? new PayloadWriter();
        cached = null;
        try
        {
            marshaller.ContextualSerializer(message, writer);
            return writer.buffer.AsMemory(0, writer.written);
        }
        finally
        {
            writer.buffer = [];
            writer.written = 0;
            cached = writer;
        }
    }

    public override void SetPayloadLength(int payloadLength) => buffer = payloadLength == 0 ? [] : GC.AllocateUninitializedArray<byte>(payloadLength);

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete(byte[] payload)
    {
        buffer = payload;
        written = payload.Length;
    }

    public override void Complete()
    {
    }

    public void Advance(int count) => written = written + count <= buffer.Length ? written + count : throw new ArgumentOutOfRangeException(nameof(count), count, "beyond what was asked for");

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = Math.Max(sizeHint, 1);
        if (buffer.Length - written < needed)
        {
            // No length was said, or a wrong one.
            Array.Resize(ref buffer, checked((int)Math.Min(Array.MaxLength, Math.Max(written + (long)needed, Math.Max(256, buffer.Length * 2L)))));
        }

        return buffer.AsMemory(written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
