using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Reads one JSON text into values with their lines.</summary>
/// <param name="name">The file's name, for whoever looks for a line.</param>
/// <param name="values">Where values go.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class JsonSettings(string name, SettingValues values, ICollection<SettingError> errors)
{
    private readonly LineCount lines = new();

    // By path, over groups that stand there twice.
    private readonly Dictionary<string, (int Line, bool IsGroup)> seen = new(StringComparer.OrdinalIgnoreCase);

    public void Read(ReadOnlySpan<byte> text)
    {
        var json = text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                errors.Add(new SettingError("", "the configuration file is no JSON object; allowed: { \"pools\": { … }, … }", new SettingSource(SettingOrigin.File, name, 1)));
                return;
            }

            Group(ref reader, json, []);

            // Whatever comes after the end of the object is an error, too.
            reader.Read();
        }
        catch (JsonException e)
        {
            var what = e.Message.Split(" LineNumber:")[0];
            errors.Add(new SettingError("", $"the configuration file is no JSON: {what}", new SettingSource(SettingOrigin.File, name, (int)(e.LineNumber ?? 0) + 1)));
        }
        catch (InvalidOperationException)
        {
            // Only where a text is taken out of the reader is its encoding looked at.
            errors.Add(new SettingError("", "the configuration file is no JSON: this text is not UTF-8, or has half of a surrogate pair", Source(lines.At(json, reader.TokenStartIndex))));
        }
    }

    private void Group(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ImmutableArray<string> path)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var line = lines.At(json, reader.TokenStartIndex);
            var key = reader.GetString()!;
            ImmutableArray<string> at = [.. path, key];
            reader.Read();
            if (key.Length == 0)
            {
                errors.Add(new SettingError(SettingsCatalog.Join(at), "is no setting: its name is empty", Source(line)));
                reader.Skip();
                continue;
            }

            var place = SettingsCatalog.Find(at).Path;
            var isGroup = reader.TokenType == JsonTokenType.StartObject;
            if (seen.TryAdd(place, (line, isGroup)))
            {
                Value(ref reader, json, at);
                continue;
            }

            errors.Add(new SettingError(place, $"is set twice in line {seen[place].Line} and here (names are the same in any case); allowed: once", Source(line)) { LeavesValue = true });
            if (isGroup && seen[place].IsGroup)
            {
                // What is wrong in either of them is told as well.
                Group(ref reader, json, at);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ImmutableArray<string> at)
    {
        var source = Source(lines.At(json, reader.TokenStartIndex));
        var place = SettingsCatalog.Find(at);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                // Stays only where nothing stands below.
                values.Set(place.Path, new SettingValue("", source));
                if (place.Kind is SettingKind.Value or SettingKind.List)
                {
                    errors.Add(new SettingError(place.Path, $"is a group; allowed: {(place.Kind == SettingKind.List ? "a list of texts" : "one value")}", source));
                    reader.Skip();
                    return;
                }

                Group(ref reader, json, at);
                break;
            case JsonTokenType.StartArray:
                if (place.Kind is SettingKind.List or SettingKind.Unknown)
                {
                    List(ref reader, json, place.Path, source);
                    return;
                }

                values.Set(place.Path, new SettingValue("", source));
                errors.Add(new SettingError(place.Path, $"is a list; allowed: {(place.Kind == SettingKind.Value ? "one value" : "{ … }")}", source));
                reader.Skip();
                break;
            default:
                values.Set(place.Path, new SettingValue(Text(ref reader), source));
                break;
        }
    }

    private void List(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, string path, SettingSource source)
    {
        values.SetList(path, [], source);
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            var element = FormattableString.Invariant($"{path}{SettingValues.Separator}{i}");
            var at = Source(lines.At(json, reader.TokenStartIndex));
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null)
            {
                errors.Add(new SettingError(element, $"is {(reader.TokenType == JsonTokenType.Null ? "null" : "a list or a group")}; allowed: a text", at));
                reader.Skip();
                continue;
            }

            values.Set(element, new SettingValue(Text(ref reader), at));
        }
    }

    private static string? Text(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => reader.GetString(),
        _ => Encoding.UTF8.GetString(reader.ValueSpan),
    };

    private SettingSource Source(int line) => new(SettingOrigin.File, name, line);

    /// <summary>From the place of a byte to the number of its line; places come in their order.</summary>
    private sealed class LineCount
    {
        private int counted;
        private int line = 1;

        public int At(ReadOnlySpan<byte> text, long place)
        {
            line += text[counted..(int)place].Count((byte)'\n');
            counted = (int)place;
            return line;
        }
    }
}
