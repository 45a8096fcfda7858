namespace WorkerHost;

/// <summary>
/// <c>unix:///path</c>. The path is what follows, to the letter: nothing in it is escaped, and '#' or '?' in the name of a
/// directory begin no fragment or query.
/// </summary>
internal static class UnixAddress
{
    public const string Scheme = "unix";

    private const string Prefix = "unix://";

    public static Uri Of(string path) => new(Prefix + path);

    /// <summary>The socket's path; null: the address is of another kind.</summary>
    public static string? PathOf(Uri address) => address.Scheme == Scheme ? address.OriginalString[Prefix.Length..] : null;
}
