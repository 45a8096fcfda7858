namespace WorkerHost.Sidecar.Commands;

/// <summary>What workers say is not trusted: their messages must not steer a terminal.</summary>
internal static class Printable
{
    public static string Text(string text) => Replaced(text, static c => char.IsControl(c));

    /// <summary>Line ends and tabs stay.</summary>
    public static string Lines(string text) => Replaced(text, static c => char.IsControl(c) && c is not ('\n' or '\t'));

    private static string Replaced(string text, Func<char, bool> bad) =>
        text.Any(bad) ? string.Create(text.Length, (text, bad), static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = from.bad(from.text[i]) ? '\uFFFD' : from.text[i];
            }
        }) : text;
}
