namespace WorkerHost.Supervision;

internal delegate void LineSink(ReadOnlySpan<byte> line);

/// <summary>
/// Cuts a stream of bytes into lines. A line that is too long is handed on cut and the rest of it
/// thrown away, so that a worker without newlines costs a fixed amount of memory.
/// </summary>
internal sealed class LineSplitter(int longestLine, LineSink sink)
{
    private byte[] pending = [];
    private int length;
    private bool skipping;

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            Take(end < 0 ? bytes : bytes[..end], complete: end >= 0);
            bytes = end < 0 ? [] : bytes[(end + 1)..];
        }
    }

    /// <summary>The stream has ended: what has no newline is a line as well.</summary>
    public void End()
    {
        if (length > 0 && !skipping)
        {
            Emit(pending.AsSpan(0, length));
        }

        length = 0;
        skipping = false;
    }

    private void Take(ReadOnlySpan<byte> part, bool complete)
    {
        if (skipping)
        {
            skipping = !complete;
            return;
        }

        if (length == 0 && complete && part.Length <= longestLine)
        {
            Emit(part);
            return;
        }

        var room = Math.Min(part.Length, longestLine - length);
        Keep(part[..room]);
        if (complete || room < part.Length)
        {
            Emit(pending.AsSpan(0, length));
            length = 0;
            skipping = !complete;
        }
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (pending.Length < length + part.Length)
        {
            Array.Resize(ref pending, Math.Min(longestLine, Math.Max(256, (length + part.Length) * 2)));
        }

        part.CopyTo(pending.AsSpan(length));
        length += part.Length;
    }

    private void Emit(ReadOnlySpan<byte> line) => sink(line is [.. var text, (byte)'\r'] ? text : line);
}
