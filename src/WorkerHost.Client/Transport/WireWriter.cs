using System.Buffers;
using System.Numerics;

namespace WorkerHost.Client;

/// <summary>Writes the protobuf wire format (protobuf.dev/programming-guides/encoding) into a buffer writer. Field numbers below 16, but for <see cref="LateVarint"/>.</summary>
internal ref struct WireWriter(IBufferWriter<byte> output)
{
    private const int VarintType = 0;
    private const int LengthType = 2;
    private const int MaxVarint = 10;

    private Span<byte> free;
    private int used;

    public static int VarintSize(ulong value) => (BitOperations.Log2(value | 1) + 7) / 7;

    /// <summary>Tag, length and content of a length-delimited field.</summary>
    public static int FieldSize(int length) => 1 + VarintSize((ulong)length) + length;

    /// <summary>How a <c>sint32</c> stands in a varint.</summary>
    public static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    public void Varint(int field, ulong value)
    {
        Need(1 + MaxVarint);
        free[used++] = (byte)((field << 3) | VarintType);
        Put(value);
    }

    /// <summary>A field from number 16 on, whose tag has two bytes.</summary>
    public void LateVarint(int field, ulong value)
    {
        Raw((ulong)((field << 3) | VarintType));
        Raw(value);
    }

    public static int LateVarintSize(ulong value) => 2 + VarintSize(value);

    public void Length(int field, int length)
    {
        Need(1 + MaxVarint);
        free[used++] = (byte)((field << 3) | LengthType);
        Put((ulong)length);
    }

    public void Bytes(int field, scoped ReadOnlySpan<byte> bytes)
    {
        Length(field, bytes.Length);
        Raw(bytes);
    }

    public void Raw(ulong value)
    {
        Need(MaxVarint);
        Put(value);
    }

    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > free.Length - used)
        {
            var room = free.Length - used;
            bytes[..room].CopyTo(free[used..]);
            used += room;
            bytes = bytes[room..];
            Need(1);
        }

        bytes.CopyTo(free[used..]);
        used += bytes.Length;
    }

    public void Flush()
    {
        output.Advance(used);
        used = 0;
        free = default;
    }

    private void Need(int count)
    {
        if (free.Length - used < count)
        {
            output.Advance(used);
            used = 0;
            free = output.GetSpan(Math.Max(count, 256));
        }
    }

    private void Put(ulong value)
    {
        while (value >= 0x80)
        {
            free[used++] = (byte)(value | 0x80);
            value >>= 7;
        }

        free[used++] = (byte)value;
    }
}
