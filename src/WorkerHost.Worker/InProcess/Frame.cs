using System.Buffers;
using Grpc.Core;

namespace WorkerHost.Worker;

/// <summary>One message as bytes, in an array of the shared pool: whoever has read it gives it back.</summary>
internal readonly struct Frame(byte[] buffer, int length)
{
    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    public void Return() => ArrayPool<byte>.Shared.Return(buffer);

    public static Frame Of<T>(T message, Action<T, SerializationContext> serializer)
    {
        var writing = new Writing();
        serializer(message, writing);
        return writing.Written();
    }

    public T Read<T>(Func<DeserializationContext, T> deserializer) => deserializer(new Reading(Bytes));

    private sealed class Writing : SerializationContext, IBufferWriter<byte>
    {
        private byte[] buffer = [];
        private int length;

        public override IBufferWriter<byte> GetBufferWriter() => this;

        public override void SetPayloadLength(int payloadLength) => Reserve(payloadLength);

        public override void Complete()
        {
        }

        public override void Complete(byte[] payload)
        {
            payload.CopyTo(GetSpan(payload.Length));
            Advance(payload.Length);
        }

        public void Advance(int count) => length += count;

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Reserve(Math.Max(sizeHint, 1));
            return buffer.AsMemory(length);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public Frame Written() => new(buffer, length);

        private void Reserve(int more)
        {
            if (buffer.Length - length >= more)
            {
                return;
            }

            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + more, 2 * length));
            buffer.AsSpan(0, length).CopyTo(larger);
            if (buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            buffer = larger;
        }
    }

    private sealed class Reading(ReadOnlyMemory<byte> bytes) : DeserializationContext
    {
        public override int PayloadLength => bytes.Length;

        public override byte[] PayloadAsNewBuffer() => bytes.ToArray();

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(bytes);
    }
}
