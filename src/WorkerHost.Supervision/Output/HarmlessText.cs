using System.Globalization;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>
/// Makes bytes that a worker wrote fit for logs and terminals: invalid UTF-8 and everything that could steer a
/// terminal or reorder text (control, format and separator characters) become U+FFFD.
/// </summary>
internal static class HarmlessText
{
    public static string From(ReadOnlySpan<byte> bytes) => Clean(Encoding.UTF8.GetString(bytes));

    public static string Clean(string text) =>
        text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 ? text : string.Create(text.Length, text, Clean);

    private static void Clean(Span<char> result, string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            result[i] = IsHarmful(text[i]) ? '\uFFFD' : text[i];
        }
    }

    private static bool IsHarmful(char c) => c != '\t' && char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
