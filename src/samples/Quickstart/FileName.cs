using System.Buffers;
using System.Globalization;
using System.Text;

namespace WorkerHost.Samples.Quickstart;

/// <summary>Names of files as text. To the system they are bytes.</summary>
internal static class FileName
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The very name, or null when it is not UTF-8.</summary>
    public static string? Exact(byte[] name)
    {
        try
        {
            return Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>
    /// The name as people can read it and a terminal cannot obey it: each byte that is not UTF-8, and each of a control
    /// character, as <c>\xE9</c>, and a backslash as <c>\\</c>, so that no two names look the same.
    /// </summary>
    public static string Escape(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder();
        while (name.Length > 0)
        {
            var isText = Rune.DecodeFromUtf8(name, out var rune, out var used) == OperationStatus.Done;
            if (rune.Value == '\\')
            {
                text.Append(@"\\");
            }
            else if (isText && !IsInvisible(rune))
            {
                text.Append(rune);
            }
            else
            {
                used = isText ? used : 1;
                foreach (var value in name[..used])
                {
                    text.Append(CultureInfo.InvariantCulture, $@"\x{value:X2}");
                }
            }

            name = name[used..];
        }

        return text.ToString();
    }

    public static string Escape(string text) => Escape(Encoding.UTF8.GetBytes(text));

    private static bool IsInvisible(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
