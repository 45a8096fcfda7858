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

        long? minProtocol = null, maxProtocol = null, slot = null, incarnation = null, concurrency = null, drain = null, maxMessage = null, heartbeat = null;
        string? pool = null, address = null, secret = null, ledger = null, hostInstance = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var field = json.GetString()!;
            json.Read();
            switch (field)
            {
                case "minProtocol":
                    minProtocol = Number(ref json, field, uint.MinValue, uint.MaxValue);
                    break;
                case "maxProtocol":
                    maxProtocol = Number(ref json, field, uint.MinValue, uint.MaxValue);
                    break;
                case "pool":
                    pool = Text(ref json, field);
                    break;
                case "slot":
                    slot = Number(ref json, field, int.MinValue, int.MaxValue);
                    break;
                case "incarnation":
                    incarnation = Number(ref json, field, long.MinValue, long.MaxValue);
                    break;
                case "address":
                    address = Text(ref json, field);
                    break;
                case "secret":
                    secret = Text(ref json, field);
                    break;
                case "ledger":
                    ledger = Text(ref json, field);
                    break;
                case "hostInstance":
                    hostInstance = Text(ref json, field);
                    break;
                case "concurrency":
                    concurrency = Number(ref json, field, int.MinValue, int.MaxValue);
                    break;
                case "drainMilliseconds":
                    drain = Number(ref json, field, int.MinValue, int.MaxValue);
                    break;
                case "maxMessageBytes":
                    maxMessage = Number(ref json, field, int.MinValue, int.MaxValue);
                    break;
                case "heartbeatMilliseconds":
                    heartbeat = Number(ref json, field, int.MinValue, int.MaxValue);
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
            MinProtocol = (uint)(minProtocol ?? throw Missing("minProtocol")),
            MaxProtocol = (uint)(maxProtocol ?? throw Missing("maxProtocol")),
            Pool = pool ?? throw Missing("pool"),
            Slot = (int)(slot ?? throw Missing("slot")),
            Incarnation = incarnation ?? throw Missing("incarnation"),
            Address = address ?? throw Missing("address"),
            Secret = secret,
            Ledger = ledger,
            HostInstance = hostInstance ?? throw Missing("hostInstance"),
            Concurrency = (int)(concurrency ?? throw Missing("concurrency")),
            DrainMilliseconds = (int)(drain ?? throw Missing("drainMilliseconds")),
            MaxMessageBytes = (int)(maxMessage ?? throw Missing("maxMessageBytes")),
            HeartbeatMilliseconds = (int?)heartbeat,
        };
    }

    private static long Number(ref Utf8JsonReader json, string field, long lowest, long highest) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) && number >= lowest && number <= highest
            ? number
            : throw Wrong($"{field} is no whole number from {lowest} to {highest}");

    private static string? Text(ref Utf8JsonReader json, string field) => json.TokenType is JsonTokenType.String or JsonTokenType.Null
        ? json.GetString()
        : throw Wrong($"{field} is no text");

    private static FormatException Missing(string field) => Wrong($"{field} is missing");

    private static FormatException Wrong(string problem, Exception? cause = null) =>
        new($"the launch line is not what a supervisor writes: {problem}", cause);
}
