using System.Buffers;
using Grpc.Core;

namespace WorkerHost.Client.Tests;

/// <summary>Takes a frame as gRPC does, in pieces no larger than asked for.</summary>
internal sealed class WritingContext(int pieces) : SerializationContext, IBufferWriter<byte>
{
    private readonly MemoryStream written = new();
    private byte[] piece = [];
    private int? length;

    public byte[] Written => written.ToArray();

    public bool Completed { get; private set; }

    public override void SetPayloadLength(int payloadLength) => length = payloadLength;

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete()
    {
        Assert.Equal(length, (int)written.Length);
        Completed = true;
    }

    public override void Complete(byte[] payload) => throw new NotSupportedException();

    public void Advance(int count) => written.Write(piece.AsSpan(0, count));

    public Memory<byte> GetMemory(int sizeHint = 0) => piece = new byte[Math.Max(sizeHint, pieces)];

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}

/// <summary>Gives a frame as gRPC does, in one piece or in several.</summary>
internal sealed class ReadingContext(byte[] payload, int pieces) : DeserializationContext
{
    public override int PayloadLength => payload.Length;

    public override byte[] PayloadAsNewBuffer() => throw new NotSupportedException();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence()
    {
        if (pieces >= payload.Length)
        {
            return new ReadOnlySequence<byte>(payload);
        }

        var first = new Segment(payload.AsMemory(0, pieces), null);
        var last = first;
        for (var at = pieces; at < payload.Length; at += pieces)
        {
            last = new Segment(payload.AsMemory(at, Math.Min(pieces, payload.Length - at)), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
