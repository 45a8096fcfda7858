using System.Text;
using System.Text.Json;

namespace WorkerHost;

/// <summary>
/// Reads a launch line token by token. A serializer would cost every worker the compilation of its metadata, some tens of
/// milliseconds of each start, for this one line.
/// </summary>
internal static class LaunchLineReader
{
    /// <exception cref="FormatException">The line is not a launch line; the message says what is missing or wrong.</exception>
    public static LaunchLine Read(string line)
    {
        try
        {
            return Read(new Utf8JsonReader(Encoding.UTF8.GetBytes(line)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter: a text whose escapes are no characters.
            throw Wrong(e.Message, e);
        }
    }

    private static LaunchLine Read(Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            throw Wrong("it is no JSON object");
        }

        var found = new Dictionary<string, object?>(StringComparer.Ordinal);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = json.GetString()!;
            json.Read();
            switch (field)
            {
                case "minProtocol" or "maxProtocol":
                    found[field] = Number(ref json, field, uint.MinValue, uint.MaxValue);
                    break;
                case "slot" or "concurrency" or "drainMilliseconds" or "maxMessageBytes" or "heartbeatMilliseconds":
                    found[field] = Number(ref json, field, int.MinValue, int.MaxValue);
                    break;
                case "incarnation":
                    found[field] = Number(ref json, field, long.MinValue, long.MaxValue);
                    break;
                case "pool" or "address" or "secret" or "ledger" or "hostInstance":
                    found[field] = Text(ref json, field);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        // What stands behind the object is for the reader to refuse.
        json.Read();
        return new LaunchLine
        {
            MinProtocol = (uint)Needed<long>("minProtocol"),
            MaxProtocol = (uint)Needed<long>("maxProtocol"),
            Pool = Needed<string>("pool"),
            Slot = (int)Needed<long>("slot"),
            Incarnation = Needed<long>("incarnation"),
            Address = Needed<string>("address"),
            Secret = (string?)found.GetValueOrDefault("secret"),
            Ledger = (string?)found.GetValueOrDefault("ledger"),
            HostInstance = Needed<string>("hostInstance"),
            Concurrency = (int)Needed<long>("concurrency"),
            DrainMilliseconds = (int)Needed<long>("drainMilliseconds"),
            MaxMessageBytes = (int)Needed<long>("maxMessageBytes"),
            HeartbeatMilliseconds = (int?)(long?)found.GetValueOrDefault("heartbeatMilliseconds"),
        };

        T Needed<T>(string field) => found.GetValueOrDefault(field) is T value ? value : throw Wrong($"{field} is missing");
    }

    private static long Number(ref Utf8JsonReader json, string field, long lowest, long highest) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number >= lowest && number <= highest
            ? number
            : throw Wrong($"{field} is no whole number from {lowest} to {highest}");

    private static string? Text(ref Utf8JsonReader json, string field) => json.TokenType is JsonTokenType.String or JsonTokenType.Null
        ? json.GetString()
        : throw Wrong($"{field} is no text");

    private static FormatException Wrong(string problem, Exception? cause = null) =>
        new($"the launch line is not what a supervisor writes: {problem}", cause);
}
