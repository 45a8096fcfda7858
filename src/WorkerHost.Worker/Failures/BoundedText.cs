using System.Text;

namespace WorkerHost.Worker;

/// <summary>Text made fit for the wire: cut to a size, and free of lone surrogates, which UTF-8 cannot hold.</summary>
internal static class BoundedText
{
    private const string Ellipsis = " …";

    public static string Cut(string text, int maxBytes)
    {
        var needed = 0;
        var clean = true;
        var fits = 0;
        foreach (var (rune, length) in Runes(text))
        {
            clean &= rune != Rune.ReplacementChar;
            needed += rune.Utf8SequenceLength;
            if (needed <= maxBytes - 4)
            {
                fits += length;
            }
        }

        if (needed <= maxBytes)
        {
            return clean ? text : Clean(text);
        }

        var cut = text[..fits];
        return (clean ? cut : Clean(cut)) + Ellipsis;
    }

    private static string Clean(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var (rune, _) in Runes(text))
        {
            result.Append(rune.ToString());
        }

        return result.ToString();
    }

    private static IEnumerable<(Rune Rune, int Length)> Runes(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length);
            yield return (rune, length);
            i += length;
        }
    }
}
