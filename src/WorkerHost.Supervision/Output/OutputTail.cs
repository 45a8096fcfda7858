using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// The last few lines, as bytes: a hundred megabytes pass through here without a string being made. Fed by the
/// watcher's thread, read after the exit.
/// </summary>
internal sealed class OutputTail(int lines)
{
    /// <summary>A report is kept and printed in many places. Of more than this only the last lines are told, the first of them cut.</summary>
    public const int MostBytes = 8 * 1024;

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
        var room = MostBytes;
        for (var i = count - 1; i >= Math.Max(0, count - ring.Length) && room > 0; i--)
        {
            var (bytes, length) = ring[i % ring.Length];
            result.Add(HarmlessText.From(bytes.AsSpan(0, Math.Min(length, room))));
            room -= length;
        }

        result.Reverse();
        return result.ToImmutable();
    }
}
