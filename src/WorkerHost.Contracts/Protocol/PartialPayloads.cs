using System.Diagnostics.CodeAnalysis;

namespace WorkerHost;

/// <summary>
/// Puts together the payloads that come in pieces over one direction of a session. One that is longer than the limit
/// costs no memory and is known as too long when its last piece comes. Used by the one reader of the session.
/// </summary>
/// <param name="maxBytes">The longest payload that is taken.</param>
internal sealed class PartialPayloads(int maxBytes)
{
    private readonly Dictionary<ulong, Partial> partials = [];

    public int Count => partials.Count;

    /// <summary>What they cost.</summary>
    public long Bytes { get; private set; }

    /// <summary>Something of it has come, and not all.</summary>
    public bool Has(ulong payload) => partials.ContainsKey(payload);

    /// <summary>Takes a piece that is not the last.</summary>
    /// <exception cref="InvalidDataException">It does not continue what came before, or too many are on their way.</exception>
    public void Add(ulong payload, ulong offset, ReadOnlySpan<byte> data, ulong total)
    {
        if (!partials.TryGetValue(payload, out var partial))
        {
            if (partials.Count == ProtocolLimits.MaxPartialPayloads)
            {
                throw new InvalidDataException($"more than {ProtocolLimits.MaxPartialPayloads} payloads are on their way in pieces");
            }

            partial = new Partial(total, total > (ulong)maxBytes ? null : GC.AllocateUninitializedArray<byte>((int)total));
            partials.Add(payload, partial);
            Bytes += partial.Bytes?.Length ?? 0;
        }

        partial.Add(payload, offset, data, total);
    }

    /// <summary>The rest will not come.</summary>
    public void Abandon(ulong payload) => Remove(payload, out _);

    /// <summary>Takes the last piece.</summary>
    /// <returns>The whole; null: it is longer than the limit.</returns>
    /// <exception cref="InvalidDataException">With it the payload is not complete.</exception>
    public byte[]? Complete(ulong payload, ReadOnlySpan<byte> last, ulong total)
    {
        if (!Remove(payload, out var partial))
        {
            throw new InvalidDataException($"a payload of {total} bytes ends with {last.Length} bytes, but nothing of payload {payload} came before");
        }

        partial.Add(payload, partial.Length, last, total);
        return partial.Length == total ? partial.Bytes : throw new InvalidDataException($"payload {payload} ends after {partial.Length} of {total} bytes");
    }

    private bool Remove(ulong payload, [NotNullWhen(true)] out Partial? partial)
    {
        if (!partials.Remove(payload, out partial))
        {
            return false;
        }

        Bytes -= partial.Bytes?.Length ?? 0;
        return true;
    }

    private sealed class Partial(ulong total, byte[]? bytes)
    {
        public byte[]? Bytes => bytes;

        public ulong Length { get; private set; }

        public void Add(ulong payload, ulong offset, ReadOnlySpan<byte> data, ulong announced)
        {
            if (announced != total || offset != Length || (ulong)data.Length > total - Length)
            {
                throw new InvalidDataException(
                    $"a piece of payload {payload} has {data.Length} bytes at {offset} of {announced}; expected was one at {Length} of {total}");
            }

            if (bytes is not null)
            {
                data.CopyTo(bytes.AsSpan((int)Length));
            }

            Length += (ulong)data.Length;
        }
    }
}
