using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// A line that a structured logger wrote: one JSON object with a message. The shapes of .NET's JSON console
/// (Message, LogLevel, Category, EventId, State, Exception) and of the loggers most used elsewhere (msg or message; level,
/// severity or lvl; logger or name). Everything else is no such line. Pure; never throws.
/// </summary>
internal sealed record StructuredLine(LogLevel Level, string Message, string? Category, int EventId, ImmutableArray<KeyValuePair<string, object?>> Fields)
{
    /// <summary>.NET's scopes and states are three deep.</summary>
    private const int DeepestLevel = 16;

    /// <summary>The rest is left out.</summary>
    private const int MostFields = 64;

    /// <summary>What the host says itself: who wrote it and where, and what its sinks group and filter by.</summary>
    private static readonly string[] Reserved = ["Worker", "Stream", "{OriginalFormat}", "SourceContext", "Category", "EventId"];

    private static readonly JsonDocumentOptions Bounded = new() { MaxDepth = DeepestLevel };

    private static readonly string[] MessageNames = ["Message", "message", "msg", "@m", "event"];
    private static readonly string[] LevelNames = ["LogLevel", "level", "Level", "severity", "lvl", "levelname", "@l"];
    private static readonly string[] CategoryNames = ["Category", "logger", "SourceContext", "name"];

    public static StructuredLine? TryParse(ReadOnlyMemory<byte> line)
    {
        if (line.Span.Trim(" \t"u8) is not [(byte)'{', .., (byte)'}'])
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(line, Bounded);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            // No JSON, too deep, or a string that is no text.
            return null;
        }
    }

    public void LogTo(ILogger logger, WorkerId worker, string stream)
    {
        if (logger.IsEnabled(Level))
        {
            logger.Log(Level, new EventId(EventId), Fields.Add(new("Worker", worker)).Add(new("Stream", stream)), null, (_, _) => $"{worker}: {Message}");
        }
    }

    private static StructuredLine? Read(JsonElement root)
    {
        string? message = null;
        string? category = null;
        LogLevel? level = null;
        var eventId = 0;
        var fields = ImmutableArray.CreateBuilder<KeyValuePair<string, object?>>();
        foreach (var property in root.EnumerateObject())
        {
            var (name, value) = (property.Name, property.Value);
            if (message is null && value.ValueKind == JsonValueKind.String && MessageNames.Contains(name))
            {
                message = Text(value.GetString()!);
            }
            else if (level is null && LevelNames.Contains(name) && LevelOf(value) is { } known)
            {
                level = known;
            }
            else if (category is null && value.ValueKind == JsonValueKind.String && CategoryNames.Contains(name))
            {
                category = Text(value.GetString()!);
            }
            else if (name == "EventId" && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
            {
                eventId = number;
            }
            else if (name == "State" && value.ValueKind == JsonValueKind.Object)
            {
                // What the message was made of; the message itself is in there once more.
                foreach (var part in value.EnumerateObject().Where(p => p.Name != "Message"))
                {
                    Add(fields, part);
                }
            }
            else
            {
                Add(fields, property);
            }
        }

        return message is null ? null : new StructuredLine(level ?? LogLevel.Information, message, category, eventId, fields.ToImmutable());
    }

    private static void Add(ImmutableArray<KeyValuePair<string, object?>>.Builder fields, JsonProperty property)
    {
        var name = Text(property.Name);
        if (fields.Count < MostFields && !Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            fields.Add(new(name, Value(property.Value)));
        }
    }

    private static object? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Text(value.GetString()!),
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? whole : value.TryGetDouble(out var number) && double.IsFinite(number) ? number : Text(value.GetRawText()),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => Text(value.GetRawText()),
    };

    /// <summary>In words, or as a number in the way of pino and bunyan: 10 is trace, 60 is fatal.</summary>
    private static LogLevel? LevelOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number) =>
            number < 20 ? LogLevel.Trace : number < 30 ? LogLevel.Debug : number < 40 ? LogLevel.Information : number < 50 ? LogLevel.Warning : number < 60 ? LogLevel.Error : LogLevel.Critical,
        JsonValueKind.String => value.GetString()!.ToUpperInvariant() switch
        {
            "TRACE" or "VERBOSE" or "TRC" or "TRCE" => LogLevel.Trace,
            "DEBUG" or "DBG" or "DBUG" => LogLevel.Debug,
            "INFORMATION" or "INFO" or "INF" or "NOTICE" => LogLevel.Information,
            "WARNING" or "WARN" or "WRN" => LogLevel.Warning,
            "ERROR" or "ERR" or "FAIL" => LogLevel.Error,
            "CRITICAL" or "FATAL" or "CRIT" or "PANIC" or "ALERT" or "EMERGENCY" => LogLevel.Critical,
            _ => null,
        },
        _ => null,
    };

    /// <summary>A line's end inside could begin a forged line in a log of plain text.</summary>
    private static string Text(string text) => HarmlessText.Clean(text.ReplaceLineEndings(" | "));
}
