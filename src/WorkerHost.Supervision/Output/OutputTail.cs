using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// The last few lines, as bytes: a hundred megabytes pass through here without a string being made. Fed by the
/// watcher's thread, read after the exit.
/// </summary>
internal sealed class OutputTail(int lines)
{
    private readonly (byte[] Bytes, int Length)[] ring = new (byte[], int)[lines];
    private long count;

    public void Add(ReadOnlySpan<byte> line)
    {
        if (ring.Length == 0)
        {
            return;
        }

        ref var place = ref ring[count++ % ring.Length];
        if (place.Bytes is null || place.Bytes.Length < line.Length)
        {
            place.Bytes = new byte[Math.Max(64, line.Length)];
        }

        line.CopyTo(place.Bytes);
        place.Length = line.Length;
    }

    public ImmutableArray<string> ToLines()
    {
        var result = ImmutableArray.CreateBuilder<string>();
        for (var i = Math.Max(0, count - ring.Length); i < count; i++)
        {
            var (bytes, length) = ring[i % ring.Length];
            result.Add(HarmlessText.From(bytes.AsSpan(0, length)));
        }

        return result.ToImmutable();
    }
}
