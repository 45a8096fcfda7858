using System.Buffers;
using System.Text.Json;

namespace WorkerHost;

/// <summary>
/// A JSON writer that its thread uses again and again for small texts. Taken by one piece of code at a time: a converter of the user's
/// that writes JSON in turn finds none there and gets another. One that is not given back, after an exception, is simply lost.
/// </summary>
internal sealed class JsonScratch
{
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static JsonScratch? spare;

    private readonly ArrayBufferWriter<byte> buffer = new(256);

    private JsonScratch() => Writer = new Utf8JsonWriter(buffer);

    public Utf8JsonWriter Writer { get; }

    public static JsonScratch Take()
    {
        var taken = spare ?? new JsonScratch();
        spare = null;
        return taken;
    }

    /// <summary>What was written, and the writer back to its thread.</summary>
    public byte[] GiveBack()
    {
        Writer.Flush();
        var written = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= MostKept)
        {
            buffer.ResetWrittenCount();
            Writer.Reset();
            spare = this;
        }

        return written;
    }
}
