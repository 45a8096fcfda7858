namespace WorkerHost.Client;

/// <summary>Reads the protobuf wire format from a span. The bytes are not trusted: whatever does not fit throws.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> rest = input;
    private int wireType;

    /// <exception cref="InvalidDataException">The bytes are not of this format.</exception>
    public bool Next(out int field)
    {
        if (rest.IsEmpty)
        {
            field = 0;
            return false;
        }

        var tag = ReadVarint();
        field = (int)(tag >> 3);
        wireType = (int)(tag & 7);
        return tag <= uint.MaxValue && field > 0 ? true : throw Bad("a tag of field 0");
    }

    public ulong Varint() => wireType == 0 ? ReadVarint() : throw Bad("a number was expected");

    public double Double() => wireType == 1 ? BitConverter.ToDouble(Take(8)) : throw Bad("a double was expected");

    public ReadOnlySpan<byte> Bytes()
    {
        if (wireType != 2)
        {
            throw Bad("bytes were expected");
        }

        var length = ReadVarint();
        return length <= (ulong)rest.Length ? Take((int)length) : throw Bad("a field is longer than what holds it");
    }

    /// <summary>A field of a later version.</summary>
    public void Skip()
    {
        switch (wireType)
        {
            case 0:
                ReadVarint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Bytes();
                break;
            case 5:
                Take(4);
                break;
            default:
                throw Bad($"wire type {wireType}");
        }
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (rest.IsEmpty)
            {
                throw Bad("a number is cut off");
            }

            var b = rest[0];
            rest = rest[1..];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }

        throw Bad("a number has more than 64 bits");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw Bad("a field is cut off");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    private static InvalidDataException Bad(string what) => new(what);
}
