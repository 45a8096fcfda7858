using System.Text;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Reads the token that peers over TCP have to show.</summary>
internal static class TokenFile
{
    private const int Shortest = 16;
    private const int Longest = 4096;

    /// <summary>The token of a plane. Null: its settings ask for none.</summary>
    /// <exception cref="IOException">The file has no token that can be used; says which setting names it.</exception>
    public static string? Of(ListenerSettings settings, string plane)
    {
        if (settings.TokenFile is null)
        {
            return null;
        }

        var (token, problem) = Read(settings.TokenFile);
        return token ?? throw new IOException($"{plane}:tokenFile {problem}");
    }

    /// <returns>The token, or what is the matter with the file; never both. No problem has the token in it.</returns>
    public static (string? Token, string? Problem) Read(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
            {
                return (null, $"is '{path}', which every user of this machine may read or write; allowed: a file for its owner and group alone (chmod o= {path})");
            }

            using var file = File.OpenRead(path);
            var bytes = new byte[Longest + 128];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var token = Encoding.UTF8.GetString(bytes.AsSpan(0, length)).Trim();
            return token.Length is >= Shortest and <= Longest && token.All(static c => c is > ' ' and <= '~')
                ? (token, null)
                : (null, $"is '{path}', which {(token.Length == 0 ? "is empty" : "holds no token")}; allowed: a file with {Shortest} to {Longest} visible ASCII characters, as `openssl rand -hex 32` makes them");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return (null, $"is '{path}', which cannot be read: {e.Message}; allowed: a file with a token");
        }
    }
}
